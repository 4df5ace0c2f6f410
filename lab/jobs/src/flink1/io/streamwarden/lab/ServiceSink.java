package io.streamwarden.lab;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** The sink of every topology, for Flink 1. */
final class ServiceSink implements Sink<Event> {
    private static final long serialVersionUID = 1L;

    private final Behaviour behaviour;

    ServiceSink(Behaviour behaviour) {
        this.behaviour = behaviour;
    }

    @Override
    public SinkWriter<Event> createWriter(Sink.InitContext context) {
        return new ServiceWriter(behaviour, context.getTaskInfo().getIndexOfThisSubtask());
    }

    @Override
    public SinkWriter<Event> createWriter(WriterInitContext context) {
        return new ServiceWriter(behaviour, context.getTaskInfo().getIndexOfThisSubtask());
    }
}
