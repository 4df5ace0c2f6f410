package io.streamwarden.lab;

import java.io.Serializable;
import java.util.List;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** A parallel, checkpointed source whose rate, keys and timeliness follow the control file. */
final class RateSource implements Source<Event, RateSplit, Integer> {
    private static final long serialVersionUID = 1L;

    private final String key;
    private final String controlFile;

    private final Traits traits;

    RateSource(String key, String controlFile, Traits traits) {
        this.key = key;
        this.traits = traits;
        this.controlFile = controlFile;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<Event, RateSplit> createReader(SourceReaderContext context) {
        return new RateReader(key, controlFile, traits, context);
    }

    @Override
    public SplitEnumerator<RateSplit, Integer> createEnumerator(SplitEnumeratorContext<RateSplit> context) {
        return new Enumerator(context);
    }

    @Override
    public SplitEnumerator<RateSplit, Integer> restoreEnumerator(
            SplitEnumeratorContext<RateSplit> context, Integer checkpoint) {
        return new Enumerator(context);
    }

    @Override
    public SimpleVersionedSerializer<RateSplit> getSplitSerializer() {
        return new RateSplit.Serializer();
    }

    @Override
    public SimpleVersionedSerializer<Integer> getEnumeratorCheckpointSerializer() {
        return new Nothing();
    }

    /** What is written into the program, not into the control file. */
    static final class Traits implements Serializable {
        private static final long serialVersionUID = 1L;

        /** Records carry a timestamp. */
        final boolean timestamps;
        /** Records are of a class that is no POJO. */
        final boolean opaque;

        Traits(boolean timestamps, boolean opaque) {
            this.timestamps = timestamps;
            this.opaque = opaque;
        }
    }

    /** Each reader that has no split of its own asks for the one with its number. */
    private static final class Enumerator implements SplitEnumerator<RateSplit, Integer> {
        private final SplitEnumeratorContext<RateSplit> context;

        Enumerator(SplitEnumeratorContext<RateSplit> context) {
            this.context = context;
        }

        @Override
        public void handleSplitRequest(int subtask, String host) {
            context.assignSplit(RateSplit.fresh(subtask), subtask);
        }

        @Override
        public void start() {}

        @Override
        public void addSplitsBack(List<RateSplit> splits, int subtask) {}

        @Override
        public void addReader(int subtask) {}

        @Override
        public Integer snapshotState(long checkpointId) {
            return 0;
        }

        @Override
        public void close() {}
    }

    private static final class Nothing implements SimpleVersionedSerializer<Integer> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(Integer value) {
            return new byte[] {0};
        }

        @Override
        public Integer deserialize(int version, byte[] bytes) {
            return 0;
        }
    }
}
