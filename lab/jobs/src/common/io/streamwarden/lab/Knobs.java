package io.streamwarden.lab;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The control file of a run: properties that each JVM of the job reads again every 200 ms. The lab
 * plants and removes faults by rewriting it. Every task acquires the watcher when it opens and
 * releases it when it closes, so that a cancelled job leaves no thread behind.
 */
final class Knobs {
    private static final long POLL_MS = 200;

    private static volatile Properties current = new Properties();
    private static volatile int version;
    private static final AtomicInteger users = new AtomicInteger();
    private static Thread watcher;

    private Knobs() {}

    static synchronized void acquire(String path) {
        if (users.getAndIncrement() > 0) {
            return;
        }
        Path file = Path.of(path);
        read(file);
        watcher = new Thread(() -> watch(file), "control-file");
        watcher.setDaemon(true);
        watcher.start();
    }

    static synchronized void release() {
        if (users.decrementAndGet() == 0 && watcher != null) {
            watcher.interrupt();
            watcher = null;
        }
    }

    /** Grows by one whenever the file has changed. */
    static int version() {
        return version;
    }

    static double number(String key, double otherwise) {
        String value = current.getProperty(key);
        return value == null ? otherwise : Double.parseDouble(value.trim());
    }

    static boolean flag(String key) {
        return "true".equals(current.getProperty(key, "false").trim());
    }

    static String text(String key, String otherwise) {
        return current.getProperty(key, otherwise);
    }

    private static void watch(Path file) {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(POLL_MS);
            } catch (InterruptedException stopped) {
                return;
            }
            read(file);
        }
    }

    private static void read(Path file) {
        Properties next = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            next.load(reader);
        } catch (IOException gone) {
            return;
        }
        if (!next.equals(current)) {
            current = next;
            version++;
        }
    }
}
