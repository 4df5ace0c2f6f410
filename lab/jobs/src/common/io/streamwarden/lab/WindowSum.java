package io.streamwarden.lab;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Sums a window of one key; costs per record of the window. */
final class WindowSum extends ProcessWindowFunction<Event, Event, Integer, TimeWindow>
        implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    private final String key;
    private final Behaviour behaviour;
    private transient ListStateDescriptor<byte[]> history;
    private transient Remembered remembered;

    WindowSum(String key, Behaviour behaviour) {
        this.key = key;
        this.behaviour = behaviour;
    }

    @Override
    public void open(OpenContext context) {
        behaviour.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
        remembered = new Remembered(key);
        history = new ListStateDescriptor<>("window-history", byte[].class);
    }

    @Override
    public void process(Integer windowKey, Context context, Iterable<Event> events, Collector<Event> out)
            throws Exception {
        double sum = 0;
        Event last = null;
        int bytes = remembered.size();
        ListState<byte[]> kept = bytes > 0 ? context.globalState().getListState(history) : null;
        for (Event event : events) {
            behaviour.onRecord();
            sum += event.amount;
            last = event;
            if (kept != null) {
                kept.add(remembered.next(bytes));
            }
        }
        if (last != null) {
            out.collect(last.with(sum, last.body));
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
