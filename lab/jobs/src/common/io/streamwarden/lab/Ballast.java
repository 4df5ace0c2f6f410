package io.streamwarden.lab;

/** A class that is loaded again and again by loaders of its own: see {@link NativeFault}. */
public class Ballast {
    private int first;
    private long second;
    private String third;

    /** Something to compile. */
    public String describe(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(first + i).append(second * i).append(third);
        }
        return text.toString();
    }
}
