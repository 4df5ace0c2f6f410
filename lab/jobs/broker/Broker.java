import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * What the lab does to a broker, run as a single source file with the broker's jars:
 *
 * <pre>
 * Broker HOST:PORT create TOPIC PARTITIONS ...   topics
 * Broker HOST:PORT delete TOPIC
 * Broker HOST:PORT purge TOPIC                   all records so far, as retention would
 * Broker HOST:PORT fence                         takes over open transactions, for some seconds
 * Broker HOST:PORT feed CONTROL-FILE TOPIC ...   writes until it is ended, at the rate of the control file
 * </pre>
 */
public final class Broker {
    private static final long TICK_MS = 20;
    private static final int FENCING_ROUNDS = 4;

    private Broker() {}

    public static void main(String[] arguments) throws Exception {
        String address = arguments[0];
        List<String> rest = List.of(arguments).subList(2, arguments.length);
        if (arguments[1].equals("feed")) {
            feed(address, Path.of(rest.get(0)), rest.subList(1, rest.size()));
            return;
        }
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
            switch (arguments[1]) {
                case "create":
                    create(admin, rest);
                    break;
                case "delete":
                    admin.deleteTopics(rest).all().get();
                    break;
                case "purge":
                    purge(admin, rest.get(0));
                    break;
                case "fence":
                    fence(admin, address);
                    break;
                default:
                    throw new IllegalArgumentException(arguments[1]);
            }
        }
    }

    private static void create(Admin admin, List<String> topics) throws Exception {
        List<NewTopic> wanted = new ArrayList<>();
        for (int i = 0; i + 1 < topics.size(); i += 2) {
            wanted.add(new NewTopic(topics.get(i), Integer.parseInt(topics.get(i + 1)), (short) 1));
        }
        admin.createTopics(wanted).all().get();
    }

    private static void purge(Admin admin, String topic) throws Exception {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        int partitions = admin.describeTopics(Set.of(topic)).allTopicNames().get().get(topic).partitions().size();
        for (int partition = 0; partition < partitions; partition++) {
            ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        }
        Map<TopicPartition, RecordsToDelete> before = new HashMap<>();
        admin.listOffsets(ends).all().get().forEach(
                (partition, end) -> before.put(partition, RecordsToDelete.beforeOffset(end.offset())));
        admin.deleteRecords(before).all().get();
    }

    /** Ids change with each checkpoint, and one without an open transaction has nothing to lose. */
    private static void fence(Admin admin, String address) throws Exception {
        ListTransactionsOptions open = new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
        for (int round = 0; round < FENCING_ROUNDS; round++) {
            for (TransactionListing one : admin.listTransactions(open).all().get()) {
                Map<String, Object> config =
                        Map.of("bootstrap.servers", address, "transactional.id", one.transactionalId());
                try (KafkaProducer<byte[], byte[]> usurper =
                        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
                    usurper.initTransactions();
                }
            }
            Thread.sleep(1_000);
        }
    }

    private static void feed(String address, Path control, List<String> topics) throws Exception {
        SplittableRandom random = new SplittableRandom(17);
        Map<String, Object> config = Map.of("bootstrap.servers", address, "linger.ms", "10", "buffer.memory", "8000000");
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            double due = 0;
            long last = System.currentTimeMillis();
            for (long id = 0; ; ) {
                Thread.sleep(TICK_MS);
                Properties knobs = new Properties();
                if (Files.exists(control)) {
                    knobs.load(Files.newBufferedReader(control));
                }
                long now = System.currentTimeMillis();
                due += rate(knobs, now) * Math.min(1_000, now - last) / 1_000.0;
                last = now;
                for (; due >= 1; due--, id++) {
                    for (String topic : topics) {
                        producer.send(record(topic, id, now, knobs, random));
                    }
                }
            }
        }
    }

    private static double rate(Properties knobs, long now) {
        double rate = number(knobs, "feed.rate", 500);
        double period = number(knobs, "feed.period_s", 23) * 1_000;
        return rate * (1 + number(knobs, "feed.depth", 0) * Math.sin(2 * Math.PI * (now % period) / period));
    }

    private static ProducerRecord<String, String> record(
            String topic, long id, long now, Properties knobs, SplittableRandom random) {
        int key = random.nextInt((int) number(knobs, "feed.keys", 5_000));
        double amount = 1 + random.nextInt(10_000) / 100.0;
        long poison = (long) number(knobs, "feed.poison_every", 0);
        String text = poison > 0 && id % poison == poison - 1 ? "12,90" : Double.toString(amount);
        String padding = "x".repeat((int) number(knobs, "feed.body_bytes", 300));
        String body = "{\"id\":" + id + ",\"amount\":" + text + ",\"channel\":\"" + key % 5 + "\",\"note\":\"" + padding + "\"}";
        return new ProducerRecord<>(topic, Integer.toString(key), id + ";" + key + ";" + now + ";" + amount + ";" + body);
    }

    private static double number(Properties knobs, String key, double otherwise) {
        String value = knobs.getProperty(key);
        return value == null ? otherwise : Double.parseDouble(value.trim());
    }
}
