package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Which elements a dropout layer keeps, drawn for a whole block at once: each lane runs the Philox counter of its
/// own sample. `docs/OPERATIONS.md` defines which half-word belongs to which element.
final class DropoutMask {
    /// Elements drawn by one counter: eight half-words of 16 bits.
    static final int CHUNK = 8;

    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());
    private static final IntVector LANE_NUMBERS = IntVector.zero(INTS).addIndex(1);
    private static final long LOW = 0xFFFFFFFFL;

    private final int layer;
    private final long seed;
    private final Batch batch;
    private final int threshold;

    /// What a kept element is multiplied by.
    final float scale;

    DropoutMask(int layer, double rate, long seed, Batch batch) {
        this.layer = layer;
        this.seed = seed;
        this.batch = batch;
        threshold = (int) Math.round(rate * 0x1p16);
        scale = (float) (1 / (1 - rate));
    }

    /// Draws the elements `chunk * CHUNK ..< (chunk + 1) * CHUNK` of every sample of a block.
    ///
    /// The vectors rest in memory between drawing and comparing: unrolled, the comparisons exceed what the compiler
    /// inlines, and every vector becomes an object.
    ///
    /// @param words   `[4][lane]`, to work in
    /// @param factors `[CHUNK][lane]`, overwritten: 0 for dropped elements, [#scale] for kept ones
    void draw(int block, int chunk, int[] words, float[] factors) {
        IntVector c0 = IntVector.broadcast(INTS, chunk);
        IntVector c1 = LANE_NUMBERS.add(block * COUNT);
        IntVector c2 = IntVector.broadcast(INTS, batch.step);
        IntVector c3 = IntVector.broadcast(INTS, Philox.stream(Purpose.DROPOUT, layer, batch.epoch));
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < Philox.ROUNDS; round++) {
            LongVector even0 = c0.reinterpretAsLongs().and(LOW).mul(Philox.M0 & LOW);
            LongVector odd0 =
                    c0.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).mul(Philox.M0 & LOW);
            LongVector even1 = c2.reinterpretAsLongs().and(LOW).mul(Philox.M1 & LOW);
            LongVector odd1 =
                    c2.reinterpretAsLongs().lanewise(VectorOperators.LSHR, 32).mul(Philox.M1 & LOW);
            c0 = high(even1, odd1).lanewise(VectorOperators.XOR, c1).lanewise(VectorOperators.XOR, k0);
            c1 = low(even1, odd1);
            c2 = high(even0, odd0).lanewise(VectorOperators.XOR, c3).lanewise(VectorOperators.XOR, k1);
            c3 = low(even0, odd0);
            k0 += Philox.W0;
            k1 += Philox.W1;
        }
        c0.intoArray(words, 0);
        c1.intoArray(words, COUNT);
        c2.intoArray(words, 2 * COUNT);
        c3.intoArray(words, 3 * COUNT);
        for (int element = 0; element < CHUNK; element++) {
            VectorMask<Integer> kept = IntVector.fromArray(INTS, words, element / 2 * COUNT)
                    .lanewise(VectorOperators.LSHR, element % 2 * 16)
                    .and(0xFFFF)
                    .compare(VectorOperators.GE, threshold);
            FloatVector.zero(SPECIES).blend(scale, kept.cast(SPECIES)).intoArray(factors, element * COUNT);
        }
    }

    private static IntVector high(LongVector even, LongVector odd) {
        return even.lanewise(VectorOperators.LSHR, 32).or(odd.and(~LOW)).reinterpretAsInts();
    }

    private static IntVector low(LongVector even, LongVector odd) {
        return even.and(LOW).or(odd.lanewise(VectorOperators.LSHL, 32)).reinterpretAsInts();
    }
}
