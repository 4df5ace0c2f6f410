package io.streamwarden.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Uses up memory outside the heap, as a client that never frees its buffers or a library that keeps
 * making class loaders would. What is kept is static, so that it outlives a restart of the task.
 */
final class NativeFault {
    private static final int CHUNK_BYTES = 1024 * 1024;
    private static final List<Object> kept = new ArrayList<>();
    private static byte[] ballast;

    private double directMbPerS;
    private double classesPerS;
    private long lastMs;
    private double owedMb;
    private double owedClasses;

    void configure(double newDirectMbPerS, double newClassesPerS) {
        boolean begins = directMbPerS + classesPerS == 0 && newDirectMbPerS + newClassesPerS > 0;
        boolean ends = directMbPerS + classesPerS > 0 && newDirectMbPerS + newClassesPerS == 0;
        if (begins) {
            lastMs = System.currentTimeMillis();
        }
        if (ends) {
            synchronized (kept) {
                kept.clear();
            }
        }
        directMbPerS = newDirectMbPerS;
        classesPerS = newClassesPerS;
    }

    void onRecord() throws IOException {
        if (directMbPerS + classesPerS == 0) {
            return;
        }
        long now = System.currentTimeMillis();
        owedMb += directMbPerS * (now - lastMs) / 1000.0;
        owedClasses += classesPerS * (now - lastMs) / 1000.0;
        lastMs = now;
        for (; owedMb >= 1; owedMb--) {
            keep(ByteBuffer.allocateDirect(CHUNK_BYTES));
        }
        for (; owedClasses >= 1; owedClasses--) {
            keep(new Loader(NativeFault.class.getClassLoader()).again(ballast()));
        }
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
