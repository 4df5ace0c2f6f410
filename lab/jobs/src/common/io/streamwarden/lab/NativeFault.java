package io.streamwarden.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Uses up memory outside the heap, as a client that never frees its buffers, a native library with a
 * leak or a library that keeps making class loaders would. What is kept is static, so that it outlives
 * a restart of the task.
 */
final class NativeFault {
    private static final int CHUNK_BYTES = 1024 * 1024;
    private static final List<Object> kept = new ArrayList<>();
    private static byte[] ballast;

    private double directMbPerS;
    private double nativeMbPerS;
    private double classesPerS;
    private long lastMs;
    private double owedDirectMb;
    private double owedNativeMb;
    private double owedClasses;

    void configure(double newDirectMbPerS, double newNativeMbPerS, double newClassesPerS) {
        boolean was = isWanted();
        directMbPerS = newDirectMbPerS;
        nativeMbPerS = newNativeMbPerS;
        classesPerS = newClassesPerS;
        if (!was && isWanted()) {
            lastMs = System.currentTimeMillis();
        }
        if (was && !isWanted()) {
            synchronized (kept) {
                kept.clear();
            }
            NativeMemory.freeAll();
        }
    }

    void onRecord() throws IOException {
        if (!isWanted()) {
            return;
        }
        long now = System.currentTimeMillis();
        double seconds = (now - lastMs) / 1000.0;
        lastMs = now;
        owedDirectMb += directMbPerS * seconds;
        owedNativeMb += nativeMbPerS * seconds;
        owedClasses += classesPerS * seconds;
        for (; owedDirectMb >= 1; owedDirectMb--) {
            keep(ByteBuffer.allocateDirect(CHUNK_BYTES));
        }
        for (; owedNativeMb >= 1; owedNativeMb--) {
            NativeMemory.take(CHUNK_BYTES);
        }
        for (; owedClasses >= 1; owedClasses--) {
            keep(new Loader(NativeFault.class.getClassLoader()).again(ballast()));
        }
    }

    private boolean isWanted() {
        return directMbPerS + nativeMbPerS + classesPerS > 0;
    }

    private static void keep(Object what) {
        synchronized (kept) {
            kept.add(what);
        }
    }

    private static synchronized byte[] ballast() throws IOException {
        if (ballast == null) {
            try (InputStream code = NativeFault.class.getResourceAsStream("Ballast.class")) {
                ballast = code.readAllBytes();
            }
        }
        return ballast;
    }

    private static final class Loader extends ClassLoader {
        Loader(ClassLoader parent) {
            super(parent);
        }

        Class<?> again(byte[] code) {
            Class<?> type = defineClass("io.streamwarden.lab.Ballast", code, 0, code.length);
            resolveClass(type);
            return type;
        }
    }
}
