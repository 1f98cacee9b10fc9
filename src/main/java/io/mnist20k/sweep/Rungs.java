package io.mnist20k.sweep;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// How many seeds every candidate of a [Search] has run when it is judged, rung by rung.
///
/// @param seeds rising, the first at least 1
public record Rungs(List<Integer> seeds) {
    /// @throws IllegalArgumentException where there is none, or one is not more than the one before
    public Rungs {
        seeds = List.copyOf(seeds);
        int before = 0;
        for (int rung : seeds) {
            if (rung <= before) {
                throw new IllegalArgumentException("rungs " + seeds);
            }
            before = rung;
        }
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("no rungs");
        }
    }

    /// @param text numbers with commas between, such as `1,2,4`
    /// @throws IllegalArgumentException where it is not that
    public static Rungs parse(String text) {
        return new Rungs(
                Arrays.stream(text.split(",", -1)).map(Integer::parseInt).toList());
    }

    public int count() {
        return seeds.size();
    }

    /// How many go on from a rung: so many that the next rung's runs, new and old, are no more than this one's,
    /// rounded up. None from the last.
    ///
    /// @param rung       from 0
    /// @param candidates on that rung
    int goOn(int rung, int candidates) {
        return rung == count() - 1
                ? 0
                : (int) Math.ceilDiv((long) candidates * seeds.get(rung), (long) seeds.get(rung + 1));
    }

    @Override
    public String toString() {
        return seeds.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
