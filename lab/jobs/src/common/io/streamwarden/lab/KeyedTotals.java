package io.streamwarden.lab;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** A running total per key; may be told to remember every record for ever. */
final class KeyedTotals extends KeyedProcessFunction<Integer, Event, Event> implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    private final String key;
    private final Behaviour behaviour;
    private transient ValueState<Double> total;
    private transient ListState<byte[]> history;

    KeyedTotals(String key, Behaviour behaviour) {
        this.key = key;
        this.behaviour = behaviour;
    }

    @Override
    public void open(OpenContext context) {
        behaviour.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
        total = getRuntimeContext().getState(new ValueStateDescriptor<>("total", Double.class));
        history = getRuntimeContext().getListState(new ListStateDescriptor<>("history", byte[].class));
    }

    @Override
    public void processElement(Event event, Context context, Collector<Event> out) throws Exception {
        behaviour.onRecord();
        Double before = total.value();
        double now = (before == null ? 0 : before) + event.amount;
        total.update(now);
        int remembered = (int) Knobs.number(key + ".state_bytes_per_record", 0);
        if (remembered > 0) {
            history.add(new byte[remembered]);
        }
        out.collect(event.with(now, event.body));
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
