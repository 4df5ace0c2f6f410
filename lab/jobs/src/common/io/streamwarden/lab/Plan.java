package io.streamwarden.lab;

import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;

/** What the topologies are written with: named, unchained vertices whose parallelism is an argument. */
final class Plan {
    final StreamExecutionEnvironment env;
    private final Map<String, String> args;
    private final String controlFile;

    Plan(StreamExecutionEnvironment env, Map<String, String> args) {
        this.env = env;
        this.args = args;
        this.controlFile = args.get("control");
    }

    Behaviour behaviour(String key) {
        return new Behaviour(key, controlFile);
    }

    long number(String name, long otherwise) {
        return Long.parseLong(args.getOrDefault(name, Long.toString(otherwise)));
    }

    DataStream<Event> source(String key, String name) {
        WatermarkStrategy<Event> strategy =
                WatermarkStrategy.forBoundedOutOfOrderness(Duration.ofMillis(number("out-of-orderness-ms", 500)));
        if (args.containsKey("idle-after-ms")) {
            strategy = strategy.withIdleness(Duration.ofMillis(number("idle-after-ms", 0)));
        }
        return vertex(key, env.fromSource(new RateSource(key, controlFile), strategy, name));
    }

    DataStream<Event> step(String key, String name, DataStream<Event> input, Step step) {
        return vertex(key, input.flatMap(step).name(name));
    }

    DataStream<Event> totals(String key, String name, DataStream<Event> input) {
        return vertex(key, input.keyBy(event -> event.key).process(new KeyedTotals(key, behaviour(key))).name(name));
    }

    DataStream<Event> window(String key, String name, DataStream<Event> input, long defaultMs) {
        Duration size = Duration.ofMillis(number(key + ".window-ms", defaultMs));
        return vertex(key, input.keyBy(event -> event.key % 200)
                .window(TumblingEventTimeWindows.of(size))
                .process(new WindowSum(key, behaviour(key)))
                .name(name));
    }

    DataStream<Event> match(String key, String name, DataStream<Event> left, DataStream<Event> right) {
        return vertex(key, left.keyBy(event -> event.key)
                .connect(right.keyBy(event -> event.key))
                .process(new Matcher(key, number("wait-ms", 4_000), behaviour(key)))
                .name(name));
    }

    void sink(String key, String name, DataStream<Event> input) {
        input.sinkTo(new ServiceSink(behaviour(key)))
                .name(name)
                .uid(key)
                .disableChaining()
                .setParallelism(parallelism(key));
    }

    private DataStream<Event> vertex(String key, SingleOutputStreamOperator<Event> operator) {
        return operator.uid(key).disableChaining().setParallelism(parallelism(key));
    }

    private int parallelism(String key) {
        return (int) number(key + ".parallelism", number("parallelism", 2));
    }
}
