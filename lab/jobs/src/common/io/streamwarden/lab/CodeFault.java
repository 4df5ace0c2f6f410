package io.streamwarden.lab;

import io.streamwarden.lab.absent.Vouchers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/** What user code runs into when it is wrong itself, or was deployed with the wrong things around it. */
final class CodeFault {
    private static final int CONNECT_LIMIT_MS = 2_000;

    private CodeFault() {}

    /** Runs into it. */
    static void meet(String kind, int subtask) throws IOException {
        switch (kind) {
            case "state":
                throw new IllegalStateException("price list of region " + subtask + " is not loaded");
            case "arithmetic":
                throw new ArithmeticException("/ by zero");
            case "index":
                throw new IndexOutOfBoundsException("Index 7 out of bounds for length 7");
            case "class-missing":
                Vouchers.isValid(subtask);
                break;
            case "class-version":
                TariffTable.rate(subtask);
                break;
            case "class-initialization":
                Regions.count();
                break;
            case "endless-recursion":
                depth(subtask);
                break;
            case "unknown-host":
                connect("prices.shop.invalid", 443);
                break;
            case "nobody-listens":
                // Port 1 is reserved and never used.
                connect("127.0.0.1", 1);
                break;
            default:
                throw new NullPointerException("Cannot invoke \"String.length()\" because \"tariff\" is null");
        }
    }

    /** Follows a parent that is its own parent. */
    private static int depth(int category) {
        return 1 + depth(category == 0 ? 1 : 0);
    }

    private static void connect(String host, int port) throws IOException {
        try (Socket socket = new Socket()) {
            InetSocketAddress address = new InetSocketAddress(host, port);
            if (address.isUnresolved()) {
                throw new java.net.UnknownHostException(host);
            }
            socket.connect(address, CONNECT_LIMIT_MS);
        }
    }

    /** Reads a setting that is not there while it is being loaded. */
    private static final class Regions {
        private static final int COUNT = Integer.parseInt(System.getProperty("shop.regions", "not set"));

        static int count() {
            return COUNT;
        }
    }
}
