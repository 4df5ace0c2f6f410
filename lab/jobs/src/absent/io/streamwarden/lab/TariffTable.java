package io.streamwarden.lab;

/** The version that the jobs are compiled against; the jar holds another one (src/replaced). */
final class TariffTable {
    private TariffTable() {}

    static double rate(int region) {
        return 1.0 + region;
    }
}
