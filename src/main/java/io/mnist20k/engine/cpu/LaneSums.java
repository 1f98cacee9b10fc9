package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Adds the lanes of many vectors, as many at a time as a vector has lanes: two vectors are folded into one that holds
/// half sums of both, until lane i of the last one holds the sum of vector i. What is added to what is fixed by the
/// lanes' numbers.
final class LaneSums {
    private static final int LEVELS = Integer.numberOfTrailingZeros(COUNT);

    /// By level: lanes whose number has that bit set, and lanes exchanged with those that differ in that bit.
    private static final VectorMask<Float>[] UPPER = masks();

    private static final VectorShuffle<Float>[] EXCHANGED = shuffles();

    private LaneSums() {}

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static VectorMask<Float>[] masks() {
        return IntStream.range(0, LEVELS)
                .mapToObj(level -> VectorMask.fromLong(
                        SPECIES,
                        IntStream.range(0, COUNT)
                                .filter(lane -> (lane >> level & 1) == 1)
                                .mapToLong(lane -> 1L << lane)
                                .sum()))
                .toArray(VectorMask[]::new);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static VectorShuffle<Float>[] shuffles() {
        return IntStream.range(0, LEVELS)
                .mapToObj(level -> VectorShuffle.fromOp(SPECIES, lane -> lane ^ 1 << level))
                .toArray(VectorShuffle[]::new);
    }

    /// Adds the lanes of `count` vectors that follow one another in `data` from `from` on. Afterwards each
    /// COUNT vectors' sums are where the first of them was; the rest, up to the next multiple of COUNT vectors,
    /// is overwritten.
    static void fold(float[] data, int from, int count) {
        int end = from + Math.ceilDiv(count, COUNT) * COUNT * COUNT;
        for (int level = 0; level < LEVELS; level++) {
            int step = COUNT << level;
            VectorMask<Float> upper = UPPER[level];
            VectorShuffle<Float> exchanged = EXCHANGED[level];
            for (int i = from; i < end; i += 2 * step) {
                FloatVector a = FloatVector.fromArray(SPECIES, data, i);
                FloatVector b = FloatVector.fromArray(SPECIES, data, i + step);
                a.blend(b, upper).add(b.blend(a, upper).rearrange(exchanged)).intoArray(data, i);
            }
        }
    }

    /// Where [#fold] leaves the sum of a vector, from the first one on.
    static int at(int vector) {
        return vector / COUNT * COUNT * COUNT + vector % COUNT;
    }
}
