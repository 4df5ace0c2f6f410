package io.streamwarden.lab;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.util.Collector;

/** A stateless step: costs what its behaviour says, then does its small piece of work. */
abstract class Step extends RichFlatMapFunction<Event, Event> implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    private final Behaviour behaviour;

    Step(Behaviour behaviour) {
        this.behaviour = behaviour;
    }

    abstract void process(Event event, Collector<Event> out) throws Exception;

    @Override
    public void open(OpenContext context) {
        behaviour.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
    }

    @Override
    public void flatMap(Event event, Collector<Event> out) throws Exception {
        behaviour.onRecord();
        process(event, out);
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
