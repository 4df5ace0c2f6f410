package io.streamwarden.lab;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;

/** Memory as a native library takes it: neither heap nor direct memory, so that no limit of Java's counts it. */
final class NativeMemory {
    private static final List<Long> taken = new ArrayList<>();

    private NativeMemory() {}

    /** Takes some and writes to it: a page that was never touched is not there. */
    static void take(long bytes) {
        long address = (Long) unsafe("allocateMemory", new Class<?>[] {long.class}, bytes);
        unsafe("setMemory", new Class<?>[] {long.class, long.class, byte.class}, address, bytes, (byte) 1);
        synchronized (taken) {
            taken.add(address);
        }
    }

    static void freeAll() {
        synchronized (taken) {
            taken.forEach(address -> unsafe("freeMemory", new Class<?>[] {long.class}, address));
            taken.clear();
        }
    }

    /** By name: the compiler warns at each mention of the class. */
    private static Object unsafe(String method, Class<?>[] types, Object... arguments) {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field only = type.getDeclaredField("theUnsafe");
            only.setAccessible(true);
            return type.getMethod(method, types).invoke(only.get(null), arguments);
        } catch (ReflectiveOperationException hidden) {
            throw new IllegalStateException("this Java hides its memory", hidden);
        }
    }
}
