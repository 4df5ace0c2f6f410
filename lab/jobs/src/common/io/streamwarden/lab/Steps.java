package io.streamwarden.lab;

import java.io.IOException;
import org.apache.flink.util.Collector;

/** The stateless steps of all topologies. */
final class Steps {
    private Steps() {}

    /** Reads the amount out of the body, and refuses a body that is not well formed. */
    static final class Parse extends Step {
        private static final long serialVersionUID = 1L;

        Parse(Behaviour behaviour) {
            super(behaviour);
        }

        @Override
        void process(Event event, Collector<Event> out) throws IOException {
            int from = event.body.indexOf("\"amount\":") + 9;
            int to = event.body.indexOf(",\"channel\"", from);
            out.collect(event.with(number(event.body.substring(from, to), event.body), event.body));
        }

        private static double number(String text, String body) throws IOException {
            try {
                return Double.parseDouble(text);
            } catch (NumberFormatException notANumber) {
                throw new IOException("Failed to deserialize JSON '" + body.substring(0, 60) + "...'.", notANumber);
            }
        }
    }

    /** Adds something to the record. */
    static final class Enrich extends Step {
        private static final long serialVersionUID = 1L;

        private final String what;

        Enrich(Behaviour behaviour, String what) {
            super(behaviour);
            this.what = what;
        }

        @Override
        void process(Event event, Collector<Event> out) {
            int more = (int) Knobs.number(what + ".inflate_kb", 0) * 1024;
            String body = more > 0 ? event.body + "x".repeat(more) : event.body;
            out.collect(event.with(event.amount * 1.07, what + body));
        }
    }

    /** Keeps a share of the records. */
    static final class Keep extends Step {
        private static final long serialVersionUID = 1L;

        private final int percent;

        Keep(Behaviour behaviour, int percent) {
            super(behaviour);
            this.percent = percent;
        }

        @Override
        void process(Event event, Collector<Event> out) {
            if (Math.floorMod(event.id * 2_654_435_761L, 100) < percent) {
                out.collect(event);
            }
        }
    }

    /** Turns one record into several. */
    static final class Split extends Step {
        private static final long serialVersionUID = 1L;

        private final int pieces;

        Split(Behaviour behaviour, int pieces) {
            super(behaviour);
            this.pieces = pieces;
        }

        @Override
        void process(Event event, Collector<Event> out) {
            for (int piece = 0; piece < pieces; piece++) {
                out.collect(new Event(
                        event.id * pieces + piece, event.key * pieces + piece, event.timestampMs, event.amount / pieces, event.body));
            }
        }
    }

    /** Keeps the records of one channel. */
    static final class Route extends Step {
        private static final long serialVersionUID = 1L;

        private final int channel;
        private final int channels;

        Route(Behaviour behaviour, int channel, int channels) {
            super(behaviour);
            this.channel = channel;
            this.channels = channels;
        }

        @Override
        void process(Event event, Collector<Event> out) {
            if (Math.floorMod(event.id, channels) == channel) {
                out.collect(event.with(event.amount, event.body));
            }
        }
    }
}
