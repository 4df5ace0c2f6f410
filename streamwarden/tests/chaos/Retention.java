// Has the broker delete everything that a topic holds by now, through its own retention, and waits until it has.
//   java -cp 'libs/*' Retention.java BROKERS TOPIC

import java.util.*;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

public class Retention {
    static final int LIMIT_S = 120;

    public static void main(String[] args) throws Exception {
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
            var topic = new ConfigResource(ConfigResource.Type.TOPIC, args[1]);
            var before = admin.describeConfigs(List.of(topic)).all().get().get(topic).get("retention.ms").value();
            set(admin, topic, "1");
            for (int waited = 0; !isEmpty(admin, args[1]); waited++) {
                if (waited == LIMIT_S) throw new IllegalStateException("retention deletes nothing");
                Thread.sleep(1000);
            }
            set(admin, topic, before);
        }
    }

    static void set(Admin admin, ConfigResource topic, String milliseconds) throws Exception {
        var entry = new ConfigEntry("retention.ms", milliseconds);
        admin.incrementalAlterConfigs(Map.of(topic, List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET)))).all().get();
    }

    static boolean isEmpty(Admin admin, String topic) throws Exception {
        var partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
        return offsets(admin, topic, partitions.size(), OffsetSpec.earliest())
                .equals(offsets(admin, topic, partitions.size(), OffsetSpec.latest()));
    }

    static Map<TopicPartition, Long> offsets(Admin admin, String topic, int partitions, OffsetSpec which) throws Exception {
        var asked = IntStream.range(0, partitions).boxed()
                .collect(Collectors.toMap(number -> new TopicPartition(topic, number), number -> which));
        return admin.listOffsets(asked).all().get().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
    }
}
