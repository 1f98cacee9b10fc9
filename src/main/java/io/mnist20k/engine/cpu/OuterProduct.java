package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// `sum[o, t] = sum over p of dOut[o, p] * in[p + t]`, lanes included, which both ways to a weight gradient come down
/// to; which elements t reaches from p is in offset tables, as in [DirectCorrelation].
///
/// Blocking: a tile is 4 outputs × 4 taps, 16 accumulators in registers over all pixels; then the lanes of each are
/// added. Tiles past the last output or tap repeat the last one, to be ignored.
final class OuterProduct {
    private static final int TILE = 4;

    private final int[] taps;
    private final int[] inPixels;
    private final int[] outChannels;
    private final int[] outPixels;

    /// @param taps        offset of each tap from a pixel's first, in floats of the input
    /// @param inPixels    offset of each pixel's first tap
    /// @param outChannels offset of each output channel
    /// @param outPixels   offset of each pixel from the start of its output channel
    OuterProduct(int[] taps, int[] inPixels, int[] outChannels, int[] outPixels) {
        this.taps = repeatLast(taps);
        this.inPixels = inPixels;
        this.outChannels = repeatLast(outChannels);
        this.outPixels = outPixels;
    }

    private static int[] repeatLast(int[] offsets) {
        int[] padded = Arrays.copyOf(offsets, Math.ceilDiv(offsets.length, TILE) * TILE);
        Arrays.fill(padded, offsets.length, padded.length, offsets[offsets.length - 1]);
        return padded;
    }

    /// With those that repeat.
    int sums() {
        return taps.length * outChannels.length;
    }

    /// Which of the sums is that of an output and a tap: 4 × 4 of them after 4 × 4.
    int number(int output, int tap) {
        int tile = output / TILE * (taps.length / TILE) + tap / TILE;
        return (tile * TILE + output % TILE) * TILE + tap % TILE;
    }

    /// Floats that [#run] needs to work in.
    int scratchLength() {
        return Math.ceilDiv(sums(), COUNT) * COUNT * COUNT;
    }

    /// Leaves sum number n at `scratch[at + LaneSums.at(n)]`.
    void run(float[] in, int inBase, float[] dOut, int outBase, float[] scratch, int at) {
        int to = at;
        for (int o = 0; o < outChannels.length; o += TILE) {
            for (int t = 0; t < taps.length; t += TILE) {
                tile(in, inBase, dOut, outBase, o, t, scratch, to);
                to += TILE * TILE * COUNT;
            }
        }
        LaneSums.fold(scratch, at, sums());
    }

    private void tile(float[] in, int inBase, float[] dOut, int outBase, int o, int t, float[] scratch, int to) {
        int c0 = outBase + outChannels[o];
        int c1 = outBase + outChannels[o + 1];
        int c2 = outBase + outChannels[o + 2];
        int c3 = outBase + outChannels[o + 3];
        int t0 = inBase + taps[t];
        int t1 = inBase + taps[t + 1];
        int t2 = inBase + taps[t + 2];
        int t3 = inBase + taps[t + 3];
        FloatVector a00 = FloatVector.zero(SPECIES);
        FloatVector a01 = a00;
        FloatVector a02 = a00;
        FloatVector a03 = a00;
        FloatVector a10 = a00;
        FloatVector a11 = a00;
        FloatVector a12 = a00;
        FloatVector a13 = a00;
        FloatVector a20 = a00;
        FloatVector a21 = a00;
        FloatVector a22 = a00;
        FloatVector a23 = a00;
        FloatVector a30 = a00;
        FloatVector a31 = a00;
        FloatVector a32 = a00;
        FloatVector a33 = a00;
        int[] inPixels = this.inPixels;
        int[] outPixels = this.outPixels;
        for (int p = 0; p < inPixels.length; p++) {
            int i = inPixels[p];
            int q = outPixels[p];
            FloatVector x0 = FloatVector.fromArray(SPECIES, in, t0 + i);
            FloatVector x1 = FloatVector.fromArray(SPECIES, in, t1 + i);
            FloatVector x2 = FloatVector.fromArray(SPECIES, in, t2 + i);
            FloatVector x3 = FloatVector.fromArray(SPECIES, in, t3 + i);
            FloatVector g0 = FloatVector.fromArray(SPECIES, dOut, c0 + q);
            a00 = fma(g0, x0, a00);
            a01 = fma(g0, x1, a01);
            a02 = fma(g0, x2, a02);
            a03 = fma(g0, x3, a03);
            FloatVector g1 = FloatVector.fromArray(SPECIES, dOut, c1 + q);
            a10 = fma(g1, x0, a10);
            a11 = fma(g1, x1, a11);
            a12 = fma(g1, x2, a12);
            a13 = fma(g1, x3, a13);
            FloatVector g2 = FloatVector.fromArray(SPECIES, dOut, c2 + q);
            a20 = fma(g2, x0, a20);
            a21 = fma(g2, x1, a21);
            a22 = fma(g2, x2, a22);
            a23 = fma(g2, x3, a23);
            FloatVector g3 = FloatVector.fromArray(SPECIES, dOut, c3 + q);
            a30 = fma(g3, x0, a30);
            a31 = fma(g3, x1, a31);
            a32 = fma(g3, x2, a32);
            a33 = fma(g3, x3, a33);
        }
        a00.intoArray(scratch, to);
        a01.intoArray(scratch, to + COUNT);
        a02.intoArray(scratch, to + 2 * COUNT);
        a03.intoArray(scratch, to + 3 * COUNT);
        a10.intoArray(scratch, to + 4 * COUNT);
        a11.intoArray(scratch, to + 5 * COUNT);
        a12.intoArray(scratch, to + 6 * COUNT);
        a13.intoArray(scratch, to + 7 * COUNT);
        a20.intoArray(scratch, to + 8 * COUNT);
        a21.intoArray(scratch, to + 9 * COUNT);
        a22.intoArray(scratch, to + 10 * COUNT);
        a23.intoArray(scratch, to + 11 * COUNT);
        a30.intoArray(scratch, to + 12 * COUNT);
        a31.intoArray(scratch, to + 13 * COUNT);
        a32.intoArray(scratch, to + 14 * COUNT);
        a33.intoArray(scratch, to + 15 * COUNT);
    }
}
