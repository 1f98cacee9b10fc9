package io.mnist20k.sweep;

import java.util.stream.LongStream;

/// Seeds in a row, both ends included.
public record Seeds(long first, long last) {
    private static final int MOST = 1_000_000;

    /// @throws IllegalArgumentException where there is none, or more than a million
    public Seeds {
        if (first > last || last - first < 0 || last - first >= MOST) {
            throw new IllegalArgumentException("seeds " + first + " to " + last);
        }
    }

    /// @param text `A..B`, or `A` for one seed
    /// @throws IllegalArgumentException where it is neither
    public static Seeds parse(String text) {
        int dots = text.indexOf("..");
        return dots < 0
                ? new Seeds(Long.parseLong(text), Long.parseLong(text))
                : new Seeds(Long.parseLong(text.substring(0, dots)), Long.parseLong(text.substring(dots + 2)));
    }

    public LongStream stream() {
        return LongStream.rangeClosed(first, last);
    }
}
