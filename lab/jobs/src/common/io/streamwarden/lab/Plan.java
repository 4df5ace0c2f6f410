package io.streamwarden.lab;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
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

    String text(String name, String otherwise) {
        return args.getOrDefault(name, otherwise);
    }

    /** What is asked for, on or off. */
    boolean flag(String name) {
        return "true".equals(args.get(name));
    }

    DataStream<Event> source(String key, String name) {
        RateSource.Traits traits = new RateSource.Traits(!flag("no-timestamps"), flag("opaque-records"));
        return add(key, env.fromSource(new RateSource(key, controlFile, traits), strategy(), name, type(traits)));
    }

    /** Adds a source of any kind. */
    DataStream<Event> add(String key, SingleOutputStreamOperator<Event> source) {
        DataStream<Event> stream = vertex(key, source);
        if (args.containsKey("mistake")) {
            Mistakes.add(args.get("mistake"), stream);
        }
        return stream;
    }

    @SuppressWarnings("unchecked")
    private static TypeInformation<Event> type(RateSource.Traits traits) {
        Class<?> type = traits.opaque ? OpaqueEvent.class : Event.class;
        return (TypeInformation<Event>) TypeInformation.of(type);
    }

    WatermarkStrategy<Event> strategy() {
        if (flag("no-timestamps")) {
            return WatermarkStrategy.noWatermarks();
        }
        WatermarkStrategy<Event> strategy =
                WatermarkStrategy.forBoundedOutOfOrderness(Duration.ofMillis(number("out-of-orderness-ms", 500)));
        if (args.containsKey("idle-after-ms")) {
            strategy = strategy.withIdleness(Duration.ofMillis(number("idle-after-ms", 0)));
        }
        return strategy;
    }

    DataStream<Event> step(String key, String name, DataStream<Event> input, Step step) {
        return vertex(key, input.flatMap(step).name(name));
    }

    DataStream<Event> lookup(String key, String name, DataStream<Event> input) {
        String service = "http://127.0.0.1:" + text("service-port", "1");
        return vertex(key, AsyncDataStream.unorderedWait(
                        input,
                        new LookupFunction(key, service, behaviour(key)),
                        number("lookup-timeout-ms", 3_000),
                        TimeUnit.MILLISECONDS,
                        (int) number("lookup-capacity", 100))
                .name(name));
    }

    DataStream<Event> totals(String key, String name, DataStream<Event> input) {
        return vertex(key, input.keyBy(event -> event.key).process(new KeyedTotals(key, flag("totals-as-text"), behaviour(key))).name(name));
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
                .uid(uid(key))
                .disableChaining()
                .setParallelism(parallelism(key));
    }

    private DataStream<Event> vertex(String key, SingleOutputStreamOperator<Event> operator) {
        return operator.uid(uid(key)).disableChaining().setParallelism(parallelism(key));
    }

    /** Another release of a job may have given its operators other ids. */
    String uid(String key) {
        return key + text("uid-suffix", "");
    }

    int parallelism(String key) {
        return (int) number(key + ".parallelism", number("parallelism", 2));
    }
}
