package io.streamwarden.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;

/**
 * Emits what is due by the clock; what it could not emit in time is its backlog, as with a log that
 * others write to. Event time is the moment at which a record became due.
 */
final class RateReader implements SourceReader<Event, RateSplit> {
    private static final long TICK_MS = 10;
    private static final Executor LATER =
            CompletableFuture.delayedExecutor(TICK_MS, TimeUnit.MILLISECONDS);

    private final String key;
    private final RateSource.Traits traits;
    private final SourceReaderContext context;
    private final List<RateSplit> splits = new ArrayList<>();
    private final SplittableRandom random;
    private final int subtask;
    private final Behaviour behaviour;
    private CompletableFuture<Void> available = CompletableFuture.completedFuture(null);

    private int seenVersion = -1;
    private double ratePerS;
    private String shape;
    private double periodS;
    private double depth;
    private int keys;
    private double hotKeyShare;
    private double lateShare;
    private long lateByMs;
    private long aheadEvery;
    private long aheadByMs;
    private boolean silent;
    private boolean clockStopped;
    private long stoppedClockMs;
    private long poisonEvery;
    private String padding = "";

    RateReader(String key, String controlFile, RateSource.Traits traits, SourceReaderContext context) {
        this.key = key;
        this.traits = traits;
        this.context = context;
        this.subtask = context.getIndexOfSubtask();
        this.random = new SplittableRandom(31L * key.hashCode() + subtask);
        this.behaviour = new Behaviour(key, controlFile);
        behaviour.open(subtask);
    }

    @Override
    public void start() {
        context.metricGroup().gauge("pendingRecords", this::pending);
        if (splits.isEmpty()) {
            context.sendSplitRequest();
        }
    }

    @Override
    public InputStatus pollNext(ReaderOutput<Event> output) throws IOException {
        if (seenVersion != Knobs.version()) {
            refresh();
        }
        if (splits.isEmpty()) {
            return waitForMore();
        }
        RateSplit split = splits.get(0);
        if (split.emitted >= (long) split.due) {
            advance(split);
        }
        if (silent || split.emitted >= (long) split.due) {
            return waitForMore();
        }
        Event event = next(split);
        behaviour.onRecord();
        if (traits.timestamps) {
            output.collect(event, event.timestampMs);
        } else {
            output.collect(event);
        }
        return InputStatus.MORE_AVAILABLE;
    }

    private InputStatus waitForMore() {
        available = CompletableFuture.runAsync(() -> {}, LATER);
        return InputStatus.NOTHING_AVAILABLE;
    }

    private void advance(RateSplit split) {
        long now = System.currentTimeMillis();
        double atS = (now - split.startedMs) / 1000.0;
        double rate = ratePerS * LoadShape.factor(shape, periodS, depth, atS);
        if (silent) {
            split.lastMs = now;
            return;
        }
        split.due += Math.max(0, rate) * (now - split.lastMs) / 1000.0;
        split.lastMs = now;
    }

    private Event next(RateSplit split) {
        long position = split.emitted++;
        int eventKey = random.nextDouble() < hotKeyShare ? 7 : random.nextInt(keys);
        double amount = 1 + random.nextInt(10_000) / 100.0;
        boolean poisoned = poisonEvery > 0 && position % poisonEvery == poisonEvery - 1;
        String text = poisoned ? "12,90" : Double.toString(amount);
        String body = "{\"id\":" + position + ",\"amount\":" + text + ",\"channel\":\"" + (eventKey % 5) + padding;
        long id = position * 64 + split.index;
        return traits.opaque
                ? new OpaqueEvent(id, eventKey, eventTime(split), amount, body)
                : new Event(id, eventKey, eventTime(split), amount, body);
    }

    private long eventTime(RateSplit split) {
        if (clockStopped) {
            return stoppedClockMs;
        }
        double behindS = ratePerS > 0 ? Math.max(0, split.due - split.emitted) / ratePerS : 0;
        long time = split.lastMs - (long) (behindS * 1000) - random.nextInt(200);
        if (aheadEvery > 0 && split.emitted % aheadEvery == aheadEvery - 1) {
            return time + aheadByMs;
        }
        return lateShare > 0 && random.nextDouble() < lateShare ? time - lateByMs : time;
    }

    private Long pending() {
        long sum = 0;
        long now = System.currentTimeMillis();
        for (RateSplit split : splits) {
            double sinceS = silent ? 0 : (now - split.lastMs) / 1000.0;
            sum += (long) Math.max(0, split.due + ratePerS * sinceS - split.emitted);
        }
        return sum;
    }

    private void refresh() {
        seenVersion = Knobs.version();
        ratePerS = Knobs.number(key + ".rate", 1_000) / context.currentParallelism();
        shape = Knobs.text(key + ".shape", "flat");
        periodS = Knobs.number(key + ".period_s", 30);
        depth = Knobs.number(key + ".depth", 0.3);
        keys = (int) Knobs.number(key + ".keys", 5_000);
        hotKeyShare = Knobs.number(key + ".hot_key_share", 0);
        lateShare = Knobs.number(key + ".late_share", 0);
        lateByMs = (long) Knobs.number(key + ".late_by_ms", 30_000);
        aheadEvery = (long) Knobs.number(key + ".ahead_every", 0);
        aheadByMs = (long) Knobs.number(key + ".ahead_by_ms", 86_400_000);
        poisonEvery = (long) Knobs.number(key + ".poison_every", 0);
        int bodyBytes = (int) Knobs.number(key + ".body_bytes", 600);
        padding = "\",\"note\":\"" + "x".repeat(bodyBytes) + "\"}";
        silent = subtask == (int) Knobs.number(key + ".silent_subtask", -1);
        boolean stop = subtask == (int) Knobs.number(key + ".stopped_clock_subtask", -1);
        if (stop && !clockStopped) {
            stoppedClockMs = System.currentTimeMillis();
        }
        clockStopped = stop;
    }

    @Override
    public List<RateSplit> snapshotState(long checkpointId) {
        List<RateSplit> copies = new ArrayList<>();
        for (RateSplit split : splits) {
            copies.add(split.copy());
        }
        return copies;
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return available;
    }

    @Override
    public void addSplits(List<RateSplit> added) {
        splits.addAll(added);
        available.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() {
        behaviour.close();
    }
}
