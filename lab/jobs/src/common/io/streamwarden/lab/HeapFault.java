package io.streamwarden.lab;

import java.util.ArrayList;
import java.util.List;

/**
 * Uses heap as bad user code does: a cache that only grows, a large live set, garbage for every
 * record. What is kept is static, so that it outlives a restart of the task, as a real leak would.
 */
final class HeapFault {
    private static final int LEAK_CHUNK_BYTES = 64 * 1024;
    private static final int RETAINED_BYTES = 256;

    private static final List<byte[]> leaked = new ArrayList<>();
    private static final List<byte[]> retained = new ArrayList<>();

    private double leakMbPerS;
    private int garbageBytes;
    private double retainPercent;
    private long lastLeakMs;
    private double owedBytes;
    private byte[] garbage;

    void configure(double newLeakMbPerS, double newRetainPercent, double garbageKbPerRecord) {
        if (newLeakMbPerS > 0 && leakMbPerS == 0) {
            lastLeakMs = System.currentTimeMillis();
        }
        // Only who filled a list empties it: the other tasks of this JVM share it.
        if (newLeakMbPerS == 0 && leakMbPerS > 0) {
            clear(leaked);
        }
        if (newRetainPercent == 0 && retainPercent > 0) {
            clear(retained);
        }
        leakMbPerS = newLeakMbPerS;
        garbageBytes = (int) (garbageKbPerRecord * 1024);
        retainPercent = newRetainPercent;
    }

    void onRecord() {
        if (leakMbPerS > 0) {
            leak();
        }
        if (retainPercent > 0) {
            retain();
        }
        if (garbageBytes > 0) {
            garbage = new byte[garbageBytes];
        }
    }

    private void leak() {
        long now = System.currentTimeMillis();
        owedBytes += leakMbPerS * 1024 * 1024 * (now - lastLeakMs) / 1000.0;
        lastLeakMs = now;
        while (owedBytes >= LEAK_CHUNK_BYTES) {
            owedBytes -= LEAK_CHUNK_BYTES;
            synchronized (leaked) {
                leaked.add(new byte[LEAK_CHUNK_BYTES]);
            }
        }
    }

    /** A few thousand small objects per record until the share of the heap is live. */
    private void retain() {
        Runtime runtime = Runtime.getRuntime();
        long target = (long) (runtime.maxMemory() * retainPercent / 100);
        synchronized (retained) {
            long held = retained.size() * (RETAINED_BYTES + 24L);
            for (int i = 0; i < 2_000 && held < target; i++) {
                retained.add(new byte[RETAINED_BYTES]);
                held += RETAINED_BYTES + 24L;
            }
        }
    }

    private static void clear(List<byte[]> list) {
        synchronized (list) {
            list.clear();
        }
    }
}
