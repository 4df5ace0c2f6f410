package io.streamwarden.lab;

/** One record of every topology: a keyed, timed fact with a text body that some steps parse. */
public class Event {
    public long id;
    public int key;
    public long timestampMs;
    public double amount;
    public String body;

    public Event() {}

    public Event(long id, int key, long timestampMs, double amount, String body) {
        this.id = id;
        this.key = key;
        this.timestampMs = timestampMs;
        this.amount = amount;
        this.body = body;
    }

    public Event with(double newAmount, String newBody) {
        return new Event(id, key, timestampMs, newAmount, newBody);
    }
}
