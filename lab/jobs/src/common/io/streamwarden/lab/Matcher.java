package io.streamwarden.lab;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/** Joins two streams by key: the newest record of each side waits for the other side. */
final class Matcher extends KeyedCoProcessFunction<Integer, Event, Event, Event>
        implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    private final String key;
    private final long waitMs;
    private final Behaviour behaviour;
    private transient ValueState<Event> left;
    private transient ValueState<Event> right;
    private transient ListState<byte[]> unmatched;
    private transient Remembered remembered;

    Matcher(String key, long waitMs, Behaviour behaviour) {
        this.key = key;
        this.waitMs = waitMs;
        this.behaviour = behaviour;
    }

    @Override
    public void open(OpenContext context) {
        behaviour.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
        remembered = new Remembered(key);
        left = getRuntimeContext().getState(new ValueStateDescriptor<>("left", Event.class));
        right = getRuntimeContext().getState(new ValueStateDescriptor<>("right", Event.class));
        unmatched = getRuntimeContext().getListState(new ListStateDescriptor<>("unmatched", byte[].class));
    }

    @Override
    public void processElement1(Event event, Context context, Collector<Event> out) throws Exception {
        match(event, left, right, context, out);
    }

    @Override
    public void processElement2(Event event, Context context, Collector<Event> out) throws Exception {
        match(event, right, left, context, out);
    }

    private void match(Event event, ValueState<Event> own, ValueState<Event> other, Context context, Collector<Event> out)
            throws Exception {
        behaviour.onRecord();
        int bytes = remembered.size();
        if (bytes > 0) {
            unmatched.add(remembered.next(bytes));
        }
        Event partner = other.value();
        if (partner == null) {
            own.update(event);
            context.timerService().registerEventTimeTimer(event.timestampMs + waitMs);
            return;
        }
        other.clear();
        out.collect(event.with(event.amount - partner.amount, event.body));
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Event> out) throws Exception {
        Event waiting = left.value() != null ? left.value() : right.value();
        if (waiting != null && waiting.timestampMs + waitMs <= timestamp) {
            left.clear();
            right.clear();
            out.collect(waiting.with(waiting.amount, waiting.body));
        }
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        behaviour.onSnapshot();
    }

    @Override
    public void initializeState(FunctionInitializationContext context) {}

    @Override
    public void close() {
        behaviour.close();
    }
}
