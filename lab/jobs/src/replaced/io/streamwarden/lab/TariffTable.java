package io.streamwarden.lab;

/** An older version than the one that the jobs were compiled against: regions were texts. */
final class TariffTable {
    private TariffTable() {}

    static double rate(String region) {
        return 1.0 + region.length();
    }
}
