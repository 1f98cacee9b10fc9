package io.mnist20k.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PhiloxTest {
    private static int[] block(long key, int c0, int c1, int c2, int c3) {
        int[] words = new int[4];
        Philox.block(key, c0, c1, c2, c3, words);
        return words;
    }

    /// The three `philox4x32 10` lines of `kat_vectors` in the Random123 distribution.
    @Test
    void knownAnswersOfTheRandom123DistributionComeOut() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0, 0, 0));
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1, -1, -1));
        assertArrayEquals(
                new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                block(0x299f31d0_a4093822L, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
    }

    @Property
    void everyCounterWordAndEveryKeyBitMatters(
            @ForAll long key,
            @ForAll int c0,
            @ForAll int c1,
            @ForAll int c2,
            @ForAll int c3,
            @ForAll @IntRange(max = 63) int bit) {
        var seen = new HashSet<String>();
        int flipped = 1 << (bit % 32);
        seen.add(hex(block(key, c0, c1, c2, c3)));
        seen.add(hex(block(key ^ 1L << bit, c0, c1, c2, c3)));
        seen.add(hex(block(key, c0 ^ flipped, c1, c2, c3)));
        seen.add(hex(block(key, c0, c1 ^ flipped, c2, c3)));
        seen.add(hex(block(key, c0, c1, c2 ^ flipped, c3)));
        seen.add(hex(block(key, c0, c1, c2, c3 ^ flipped)));
        // Blocks of one key cannot be equal, Philox being a bijection; of two keys, with a chance of 2^-128.
        assertEquals(6, seen.size());
    }

    private static String hex(int[] words) {
        return String.format(Locale.ROOT, "%08x%08x%08x%08x", words[0], words[1], words[2], words[3]);
    }

    @Property
    void streamsOfDifferentUseAreDifferent(
            @ForAll Purpose purpose, @ForAll @IntRange(max = 255) int layer, @ForAll @IntRange(max = 65535) int epoch) {
        int stream = Philox.stream(purpose, layer, epoch);
        // All three can be read back, so no two triples share a stream.
        assertEquals(purpose, List.of(Purpose.values()).get(stream >>> 24));
        assertEquals(layer, stream >>> 16 & 0xFF);
        assertEquals(epoch, stream & 0xFFFF);
    }

    @Test
    void purposesKeepTheirPlaceInTheCounter() {
        assertEquals(
                List.of(
                        Purpose.WEIGHTS,
                        Purpose.ORDER,
                        Purpose.SPLIT,
                        Purpose.AUGMENTATION,
                        Purpose.DROPOUT,
                        Purpose.REDRAW,
                        Purpose.SEARCH),
                List.of(Purpose.values()));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 256, Integer.MAX_VALUE})
    void layersBeyondTheirBitsAreRefused(int layer) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> Philox.stream(Purpose.DROPOUT, layer, 0));
        assertTrue(refusal.toString().contains(Integer.toString(layer)), refusal::toString);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65536, Integer.MAX_VALUE})
    void epochsBeyondTheirBitsAreRefused(int epoch) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> Philox.stream(Purpose.DROPOUT, 0, epoch));
        assertTrue(refusal.toString().contains(Integer.toString(epoch)), refusal::toString);
    }

    @Test
    void unitsLieStrictlyBetweenZeroAndOneAndGrowWithTheUnsignedWord() {
        assertEquals(0x1p-33, Philox.unit(0));
        assertEquals(0.5 - 0x1p-33, Philox.unit(Integer.MAX_VALUE));
        assertEquals(0.5 + 0x1p-33, Philox.unit(Integer.MIN_VALUE));
        assertEquals(1 - 0x1p-33, Philox.unit(-1));
    }

    @Property
    void symmetricNumbersMirrorAtZero(@ForAll int word) {
        double number = Philox.symmetric(word);
        assertTrue(number > -1 && number < 1, () -> word + " gave " + number);
        assertEquals(-number, Philox.symmetric(~word));
    }

    /// Pearson's statistic of 256 equally likely cells has mean 255 and deviation sqrt(2 · 255) = 22.6; it leaves
    /// 255 ± 6 deviations with a chance below 1e-6. The numbers are always the same, so the test cannot fail by
    /// chance.
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 0x1_0000_0000L, -1})
    void everyByteOfEveryWordIsEquallyLikely(long key) {
        int blocks = 1 << 16;
        for (int shift = 0; shift < 32; shift += 8) {
            int[][] counts = new int[4][256];
            for (int i = 0; i < blocks; i++) {
                int[] words = block(key, i, 0, 0, Philox.stream(Purpose.ORDER, 0, 1));
                for (int w = 0; w < 4; w++) {
                    counts[w][words[w] >>> shift & 0xFF]++;
                }
            }
            double expected = blocks / 256.0;
            for (int w = 0; w < 4; w++) {
                double statistic = 0;
                for (int count : counts[w]) {
                    statistic += (count - expected) * (count - expected) / expected;
                }
                assertEquals(
                        255, statistic, 6 * Math.sqrt(2 * 255), "key " + key + ", word " + w + ", bits from " + shift);
            }
        }
    }

    /// Numbers of neighbouring samples, which differ in one counter word by one, are as unrelated as any: the
    /// correlation of n pairs has deviation 1 / sqrt(n).
    @Test
    void neighbouringSamplesAreUncorrelated() {
        int pairs = 1 << 16;
        double sum = 0;
        for (int sample = 0; sample < pairs; sample++) {
            double here = Philox.symmetric(block(7, 0, sample, 3, 0)[0]);
            double next = Philox.symmetric(block(7, 0, sample + 1, 3, 0)[0]);
            sum += 3 * here * next; // the variance of a symmetric number is 1/3, so of the product 1/9
        }
        assertEquals(0, sum / pairs, 5 / Math.sqrt(pairs));
    }
}
