package io.streamwarden.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;

/** Topologies from and to a real Kafka: {@code --kafka HOST:PORT --run ID} and what a producer or consumer may be told. */
final class KafkaShapes implements Shapes {
    KafkaShapes() {}

    @Override
    public String build(String topology, Plan plan) {
        return topology.equals("kafka-pipeline") ? pipeline(plan) : windows(plan);
    }

    /** Record by record, exactly once. */
    private static String pipeline(Plan plan) {
        DataStream<Event> shipments = source(plan, "shipments");
        DataStream<Event> decoded =
                plan.step("decode", "decode shipment", shipments, new Steps.Parse(plan.behaviour("decode")));
        DataStream<Event> routed =
                plan.step("route", "choose route", decoded.rebalance(), new Steps.Enrich(plan.behaviour("route"), "route"));
        sink(plan, "routes", routed, DeliveryGuarantee.EXACTLY_ONCE);
        return "shipment-routing";
    }

    /** Event time out of Kafka's partitions, sums back into Kafka. */
    private static String windows(Plan plan) {
        DataStream<Event> meters = source(plan, "meters");
        DataStream<Event> usage = plan.window("usage", "usage per meter", meters, 2_000);
        sink(plan, "bills", usage, DeliveryGuarantee.AT_LEAST_ONCE);
        return "meter-usage";
    }

    private static DataStream<Event> source(Plan plan, String topic) {
        KafkaSourceBuilder<Event> source = KafkaSource.<Event>builder()
                .setBootstrapServers(plan.text("kafka", ""))
                .setTopics(topic)
                .setGroupId(plan.text("run", "lab"))
                .setStartingOffsets(
                        plan.flag("from-committed") ? OffsetsInitializer.committedOffsets() : OffsetsInitializer.latest())
                .setClientIdPrefix(topic)
                .setValueOnlyDeserializer(new Line());
        limits(plan, source::setProperty);
        return plan.add(topic, plan.env.fromSource(source.build(), plan.strategy(), topic, TypeInformation.of(Event.class)));
    }

    private static void sink(Plan plan, String topic, DataStream<Event> stream, DeliveryGuarantee guarantee) {
        KafkaSinkBuilder<Event> sink = KafkaSink.<Event>builder()
                .setBootstrapServers(plan.text("kafka", ""))
                .setDeliveryGuarantee(guarantee)
                .setTransactionalIdPrefix(topic + plan.text("run", "lab"))
                .setProperty("transaction.timeout.ms", plan.text("transaction-timeout-ms", "60000"))
                .setRecordSerializer(KafkaRecordSerializationSchema.<Event>builder()
                        .setTopic(topic)
                        .setValueSerializationSchema(new Line())
                        .build());
        limits(plan, sink::setProperty);
        stream.sinkTo(sink.build())
                .name(topic)
                .uid(plan.uid("to-" + topic))
                .disableChaining()
                .setParallelism(plan.parallelism("to-" + topic));
    }

    private interface Properties {
        Object set(String key, String value);
    }

    /** Patience of the clients, in ms. */
    private static void limits(Plan plan, Properties properties) {
        String limit = plan.text("client-timeout-ms", "");
        if (!limit.isEmpty()) {
            properties.set("default.api.timeout.ms", limit);
            properties.set("request.timeout.ms", Long.toString(Long.parseLong(limit) / 2));
            properties.set("max.block.ms", limit);
        }
    }

    /** One event a record: {@code id;key;timestamp;amount;body}. */
    private static final class Line implements DeserializationSchema<Event>, SerializationSchema<Event> {
        private static final long serialVersionUID = 1L;

        @Override
        public Event deserialize(byte[] message) throws IOException {
            String[] parts = new String(message, StandardCharsets.UTF_8).split(";", 5);
            return new Event(
                    Long.parseLong(parts[0]),
                    Integer.parseInt(parts[1]),
                    Long.parseLong(parts[2]),
                    Double.parseDouble(parts[3]),
                    parts[4]);
        }

        @Override
        public byte[] serialize(Event event) {
            String line = event.id + ";" + event.key + ";" + event.timestampMs + ";" + event.amount + ";" + event.body;
            return line.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void open(DeserializationSchema.InitializationContext context) {}

        @Override
        public void open(SerializationSchema.InitializationContext context) {}

        @Override
        public boolean isEndOfStream(Event event) {
            return false;
        }

        @Override
        public TypeInformation<Event> getProducedType() {
            return TypeInformation.of(Event.class);
        }
    }
}
