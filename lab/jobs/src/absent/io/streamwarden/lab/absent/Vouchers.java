package io.streamwarden.lab.absent;

/** Compiled against and then left out of the jar, as a library that nobody has put there. */
public final class Vouchers {
    private Vouchers() {}

    /** Whether a voucher may be used in a region. */
    public static boolean isValid(int region) {
        return region > 0;
    }
}
