package io.streamwarden.lab;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** One partition of a source: how far it was read, and when, so that a restart finds a backlog. */
final class RateSplit implements SourceSplit {
    final int index;
    long emitted;
    double due;
    long lastMs;
    final long startedMs;

    RateSplit(int index, long emitted, double due, long lastMs, long startedMs) {
        this.index = index;
        this.emitted = emitted;
        this.due = due;
        this.lastMs = lastMs;
        this.startedMs = startedMs;
    }

    static RateSplit fresh(int index) {
        long now = System.currentTimeMillis();
        return new RateSplit(index, 0, 0, now, now);
    }

    RateSplit copy() {
        return new RateSplit(index, emitted, due, lastMs, startedMs);
    }

    @Override
    public String splitId() {
        return "partition-" + index;
    }

    static final class Serializer implements SimpleVersionedSerializer<RateSplit> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(RateSplit split) {
            return ByteBuffer.allocate(36)
                    .putInt(split.index)
                    .putLong(split.emitted)
                    .putDouble(split.due)
                    .putLong(split.lastMs)
                    .putLong(split.startedMs)
                    .array();
        }

        @Override
        public RateSplit deserialize(int version, byte[] bytes) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            return new RateSplit(
                    buffer.getInt(), buffer.getLong(), buffer.getDouble(), buffer.getLong(), buffer.getLong());
        }
    }
}
