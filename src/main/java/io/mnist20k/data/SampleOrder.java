package io.mnist20k.data;

import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;

/// The order in which an epoch visits its samples: a function of seed, epoch and count, with no state in between.
public final class SampleOrder {
    private SampleOrder() {}

    /// A permutation of `0 ..< count`.
    ///
    /// @param epoch from 0, below 65,536
    /// @param count at least 0
    public static int[] of(long seed, int epoch, int count) {
        return permutation(seed, Philox.stream(Purpose.ORDER, 0, epoch), count);
    }

    /// Fisher–Yates (Knuth, *The Art of Computer Programming* 2, section 3.4.2, algorithm P). Draw k takes 64
    /// bits, half of the Philox block k / 2, and scales them by multiplication to `0 ..< bound`: the favoured
    /// values are likelier by less than bound / 2^64, below 2^-33, so that no redraw is needed and every draw has
    /// a place of its own.
    ///
    /// @param stream see [Philox#stream]
    public static int[] permutation(long key, int stream, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("an order of " + count + " samples; expected 0 or more");
        }
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            order[i] = i;
        }
        int[] words = new int[4];
        for (int draw = 0; draw < count - 1; draw++) {
            int half = draw & 1;
            if (half == 0) {
                Philox.block(key, draw / 2, 0, 0, stream, words);
            }
            long bits = (long) words[2 * half] << 32 | (words[2 * half + 1] & 0xFFFFFFFFL);
            int last = count - 1 - draw;
            int chosen = (int) Math.unsignedMultiplyHigh(bits, last + 1L);
            int moved = order[last];
            order[last] = order[chosen];
            order[chosen] = moved;
        }
        return order;
    }
}
