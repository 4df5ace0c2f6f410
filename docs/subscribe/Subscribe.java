// java -cp kafka-clients.jar:slf4j-api.jar:... Subscribe.java HOST:PORT
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

class Subscribe {
    public static void main(String[] args) {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", args[0],
                "group.id", "my-java-team",
                "auto.offset.reset", "earliest",
                "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of("streamwarden.recommendations"));
            while (true) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    System.out.println(record.key() + " " + record.value());
                }
            }
        }
    }
}
