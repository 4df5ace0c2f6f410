package io.streamwarden.lab;

import org.apache.flink.api.connector.sink2.SinkWriter;

/** Writes to a simulated outside service: what a record costs there is the sink's behaviour. */
final class ServiceWriter implements SinkWriter<Event> {
    private final Behaviour behaviour;
    private double total;

    ServiceWriter(Behaviour behaviour, int subtask) {
        this.behaviour = behaviour;
        behaviour.open(subtask);
    }

    @Override
    public void write(Event event, Context context) throws java.io.IOException {
        behaviour.onRecord();
        total += event.amount;
    }

    @Override
    public void flush(boolean endOfInput) throws java.io.IOException {
        try {
            behaviour.onSnapshot();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failed) {
            throw failed;
        } catch (Exception failed) {
            throw new java.io.IOException(failed);
        }
    }

    @Override
    public void close() {
        behaviour.close();
    }
}
