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
    private transient ValueState<String> textTotal;
    private transient ListState<byte[]> history;
    private transient Remembered remembered;

    private final boolean asText;

    KeyedTotals(String key, boolean asText, Behaviour behaviour) {
        this.key = key;
        this.asText = asText;
        this.behaviour = behaviour;
    }

    @Override
    public void open(OpenContext context) {
        behaviour.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
        remembered = new Remembered(key);
        if (asText) {
            textTotal = getRuntimeContext().getState(new ValueStateDescriptor<>("total", String.class));
        } else {
            total = getRuntimeContext().getState(new ValueStateDescriptor<>("total", Double.class));
        }
        history = getRuntimeContext().getListState(new ListStateDescriptor<>("history", byte[].class));
    }

    @Override
    public void processElement(Event event, Context context, Collector<Event> out) throws Exception {
        behaviour.onRecord();
        double now = before() + event.amount;
        if (asText) {
            textTotal.update(Double.toString(now));
        } else {
            total.update(now);
        }
        int bytes = remembered.size();
        if (bytes > 0) {
            history.add(remembered.next(bytes));
        }
        out.collect(event.with(now, event.body));
    }

    private double before() throws Exception {
        if (asText) {
            return textTotal.value() == null ? 0 : Double.parseDouble(textTotal.value());
        }
        return total.value() == null ? 0 : total.value();
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
