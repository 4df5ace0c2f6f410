package io.streamwarden.lab;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Programs that Flink refuses: one small branch with a mistake beside the topology. */
final class Mistakes {
    private Mistakes() {}

    static void add(String mistake, DataStream<Event> stream) {
        switch (mistake) {
            case "function-not-serializable":
                stream.map(event -> event).sinkTo(new DiscardingSink<>());
                Thread worker = new Thread("price-cache");
                stream.filter(event -> worker.isAlive()).sinkTo(new DiscardingSink<>());
                break;
            case "type-erased":
                stream.map(event -> Tuple2.of(event.key, event.amount)).sinkTo(new DiscardingSink<>());
                break;
            case "array-as-key":
                stream.keyBy(event -> new Integer[] {event.key, 1}, Types.OBJECT_ARRAY(Types.INT))
                        .reduce((one, other) -> other)
                        .sinkTo(new DiscardingSink<>());
                break;
            case "forward-with-other-parallelism":
                stream.forward()
                        .map(event -> event)
                        .setParallelism(stream.getParallelism() + 1)
                        .sinkTo(new DiscardingSink<>());
                break;
            case "uid-used-twice":
                stream.map(event -> event).uid("enrichment").sinkTo(new DiscardingSink<>()).uid("enrichment");
                break;
            default:
                throw new IllegalArgumentException("no such mistake: " + mistake);
        }
    }
}
