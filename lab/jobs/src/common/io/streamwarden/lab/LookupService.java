package io.streamwarden.lab;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The outside service of the lab, a process of its own: {@code LookupService PORT CONTROL-FILE}. How
 * long it takes and how often it fails or never answers stands in the control file.
 */
public final class LookupService {
    private static final ScheduledExecutorService later = Executors.newScheduledThreadPool(4);

    private LookupService() {}

    public static void main(String[] arguments) throws IOException {
        Knobs.acquire(arguments[1]);
        // The JDK's server closes idle connections, also one over which a request is on its way just then.
        System.setProperty("sun.net.httpserver.maxIdleConnections", "100000");
        System.setProperty("sun.net.httpserver.idleInterval", "3600");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 500);
        server.createContext("/", LookupService::take);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.start();
    }

    private static void take(HttpExchange exchange) {
        double dice = ThreadLocalRandom.current().nextDouble();
        double hangs = Knobs.number("service.hang_share", 0);
        if (dice < hangs) {
            return;
        }
        int status = dice < hangs + Knobs.number("service.fail_share", 0) ? 500 : 200;
        double spread = 0.5 + ThreadLocalRandom.current().nextDouble();
        long delayMs = (long) (Knobs.number("service.delay_ms", 20) * spread);
        later.schedule(() -> answer(exchange, status), delayMs, TimeUnit.MILLISECONDS);
    }

    private static void answer(HttpExchange exchange, int status) {
        byte[] body = "4.20".getBytes(StandardCharsets.UTF_8);
        try {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        } catch (IOException gone) {
            // Whoever asked has gone away; there is nobody to tell.
        }
    }
}
