package io.streamwarden.lab;

import java.io.IOException;
import java.io.Serializable;
import java.util.concurrent.locks.LockSupport;

/**
 * What one subtask of one step costs and how it misbehaves, as the control file says now. A step
 * calls {@link #onRecord} for each record and {@link #onSnapshot} for each checkpoint.
 */
final class Behaviour implements Serializable {
    private static final long serialVersionUID = 1L;
    /** Shorter sleeps would mostly measure the operating system's timer. */
    private static final double MIN_SLEEP_US = 2_000;

    private final String key;
    private final String controlFile;

    private transient int subtask;
    private transient int seenVersion;
    private transient long openedAtMs;
    private transient double cpuUs;
    private transient double sleepUs;
    private transient double sleepDebtUs;
    private transient double exceptionAfterMs;
    private transient long snapshotSleepMs;
    private transient boolean snapshotFails;
    private transient boolean ignoresCancel;
    private transient HeapFault heap;
    private transient NativeFault memory;

    Behaviour(String key, String controlFile) {
        this.key = key;
        this.controlFile = controlFile;
    }

    void open(int subtaskIndex) {
        Knobs.acquire(controlFile);
        subtask = subtaskIndex;
        openedAtMs = System.currentTimeMillis();
        seenVersion = -1;
        heap = new HeapFault();
        memory = new NativeFault();
        refresh();
        if (concerned() && Knobs.flag(key + ".open_fails")) {
            throw new IllegalStateException("cannot read the price list at /etc/shop/prices.csv");
        }
    }

    void close() {
        Knobs.release();
    }

    void onRecord() throws IOException {
        if (seenVersion != Knobs.version()) {
            refresh();
        }
        if (cpuUs > 0) {
            burn((long) (cpuUs * 1_000));
        }
        if (sleepUs > 0) {
            sleep();
        }
        heap.onRecord();
        memory.onRecord();
        if (ignoresCancel) {
            standStill();
        }
        if (exceptionAfterMs > 0) {
            failWhenDue();
        }
    }

    void onSnapshot() throws Exception {
        refresh();
        if (snapshotSleepMs > 0) {
            Thread.sleep(snapshotSleepMs);
        }
        if (snapshotFails) {
            throw new IllegalStateException("cannot write local index segment: no snapshot handle for " + key);
        }
    }

    private void refresh() {
        seenVersion = Knobs.version();
        boolean concerned = concerned();
        cpuUs = knob("cpu_us", 0);
        sleepUs = knob("sleep_us", 0);
        exceptionAfterMs = concerned ? knob("exception_after_ms", 0) : 0;
        snapshotSleepMs = concerned ? (long) knob("snapshot_sleep_ms", 0) : 0;
        snapshotFails = concerned && Knobs.flag(key + ".snapshot_fails");
        ignoresCancel = concerned && Knobs.flag(key + ".ignores_cancel");
        memory.configure(
                concerned ? knob("direct_mb_per_s", 0) : 0,
                concerned ? knob("native_mb_per_s", 0) : 0,
                concerned ? knob("classes_per_s", 0) : 0);
        heap.configure(
                concerned ? knob("leak_mb_per_s", 0) : 0,
                concerned ? knob("retain_percent", 0) : 0,
                concerned ? knob("garbage_kb_per_record", 0) : 0);
    }

    /** A fault may be meant for one subtask only. */
    private boolean concerned() {
        int only = (int) knob("only_subtask", -1);
        return only < 0 || only == subtask;
    }

    private double knob(String name, double otherwise) {
        return Knobs.number(key + "." + name, otherwise);
    }

    private static void burn(long nanos) {
        long until = System.nanoTime() + nanos;
        double value = 1.0;
        while (System.nanoTime() < until) {
            for (int i = 0; i < 40; i++) {
                value = Math.sqrt(value * 1.7 + i);
            }
        }
        if (value == 42.0) {
            throw new AssertionError("keeps the loop from being optimised away");
        }
    }

    private void sleep() {
        sleepDebtUs += sleepUs;
        if (sleepDebtUs >= MIN_SLEEP_US) {
            long before = System.nanoTime();
            LockSupport.parkNanos((long) (sleepDebtUs * 1_000));
            sleepDebtUs -= (System.nanoTime() - before) / 1_000.0;
        }
    }

    /** A call that never returns, in code that swallows the interrupt. */
    private static void standStill() {
        while (true) {
            LockSupport.parkNanos(1_000_000_000L);
            Thread.interrupted();
        }
    }

    private void failWhenDue() throws IOException {
        if (System.currentTimeMillis() - openedAtMs < exceptionAfterMs) {
            return;
        }
        CodeFault.meet(Knobs.text(key + ".exception", "null"), subtask);
    }
}
