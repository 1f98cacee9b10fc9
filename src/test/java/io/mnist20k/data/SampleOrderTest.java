package io.mnist20k.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SampleOrderTest {
    @Property(tries = 500)
    void everySampleComesOnce(
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 65_535) int epoch,
            @ForAll @IntRange(min = 0, max = 1000) int count) {
        int[] order = SampleOrder.of(seed, epoch, count);
        Arrays.sort(order);
        assertArrayEquals(IntStream.range(0, count).toArray(), order);
    }

    @Property(tries = 200)
    void theOrderIsAFunctionOfSeedAndEpoch(@ForAll long seed, @ForAll @IntRange(min = 0, max = 65_534) int epoch) {
        int[] order = SampleOrder.of(seed, epoch, 101);
        assertArrayEquals(order, SampleOrder.of(seed, epoch, 101));
        // Two of 101! orders are equal by chance once in 10^159.
        assertFalse(Arrays.equals(order, SampleOrder.of(seed, epoch + 1, 101)));
        assertFalse(Arrays.equals(order, SampleOrder.of(seed ^ 1L << 40, epoch, 101)));
        assertFalse(Arrays.equals(order, SampleOrder.of(seed + 1, epoch, 101)));
    }

    /// As a program of its own, written in Python after docs/OPERATIONS.md, draws them: kept results are of these.
    @Test
    void theOrdersAreThoseOfTheDocument() {
        assertArrayEquals(new int[] {0, 5, 1, 2, 7, 9, 3, 8, 4, 6}, SampleOrder.of(1, 0, 10));
        assertArrayEquals(new int[] {7, 1, 8, 9, 10, 6, 5, 2, 3, 0, 4}, SampleOrder.of(0x0123_4567_89AB_CDEFL, 3, 11));
    }

    @Test
    void thereIsNoOrderOfLessThanNothing() {
        assertThrows(IllegalArgumentException.class, () -> SampleOrder.of(1, 0, -1));
    }

    @Test
    void everyOrderOfFourIsAsLikelyAsTheOthers() {
        int draws = 24_000;
        int[] counts = new int[256];
        for (int seed = 0; seed < draws; seed++) {
            int[] order = SampleOrder.of(seed, 0, 4);
            counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
        }
        assertEquals(24, Arrays.stream(counts).filter(count -> count > 0).count());
        double expected = draws / 24.0;
        double chiSquared = Arrays.stream(counts)
                .filter(count -> count > 0)
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        // 23 degrees of freedom: above 49.7 once in a thousand; the seeds are fixed, so the outcome is too.
        assertTrue(chiSquared < 49.7, () -> "chi squared is " + chiSquared);
    }

    @Test
    void sixtyThousandSamplesTravelFar() {
        int[] order = SampleOrder.of(1, 0, 60_000);
        double meanDistance = IntStream.range(0, order.length)
                .mapToDouble(i -> Math.abs(order[i] - i))
                .average()
                .orElseThrow();
        // Of two independent uniform numbers the distance has mean n / 3 and deviation n / sqrt(18): 5 deviations of
        // the mean.
        assertEquals(20_000, meanDistance, 5 * 60_000 / Math.sqrt(18) / Math.sqrt(60_000));
    }
}
