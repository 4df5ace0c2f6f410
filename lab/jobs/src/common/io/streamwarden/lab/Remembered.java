package io.streamwarden.lab;

import java.util.SplittableRandom;

/**
 * What a step keeps of each record beside its result. Bytes without a pattern: RocksDB compresses, and zeros would take
 * no room on any disk.
 */
final class Remembered {
    private final String knob;
    private final SplittableRandom random = new SplittableRandom();

    Remembered(String key) {
        knob = key + ".state_bytes_per_record";
    }

    /** Bytes to keep of each record; 0 for none. */
    int size() {
        return (int) Knobs.number(knob, 0);
    }

    byte[] next(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }
}
