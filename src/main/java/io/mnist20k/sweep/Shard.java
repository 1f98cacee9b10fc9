package io.mnist20k.sweep;

import java.util.List;
import java.util.stream.IntStream;

/// One of several equal shares of a sweep, each of which can run on a machine of its own.
///
/// @param index from 1 to `count`
public record Shard(int index, int count) {
    /// The whole sweep.
    public static final Shard ALL = new Shard(1, 1);

    /// @throws IllegalArgumentException where the index is not from 1 to the count
    public Shard {
        if (index < 1 || index > count) {
            throw new IllegalArgumentException("shard " + index + " of " + count);
        }
    }

    /// @param text `I/N`
    /// @throws IllegalArgumentException where it is not that
    public static Shard parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException(text);
        }
        return new Shard(Integer.parseInt(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    /// This shard's share, every `count`-th.
    public <T> List<T> of(List<T> all) {
        return IntStream.range(0, all.size())
                .filter(i -> i % count == index - 1)
                .mapToObj(all::get)
                .toList();
    }
}
