package io.streamwarden.lab;

/** An event without a constructor that takes nothing: Flink cannot treat it as a POJO. */
public class OpaqueEvent extends Event {
    public OpaqueEvent(long id, int key, long timestampMs, double amount, String body) {
        super(id, key, timestampMs, amount, body);
    }
}
