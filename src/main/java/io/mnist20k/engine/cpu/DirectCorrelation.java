package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;
import static jdk.incubator.vector.VectorOperators.LT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// A correlation term by term, of any geometry: which elements t reaches from p is a matter of offset tables.
///
/// Blocking: a tile is 4 outputs × 3 pixels, 12 accumulators in registers, which 16 registers have room for. Each tap
/// costs 3 vector loads of input and 4 broadcasts of weights for 12 multiply-adds, few enough loads to keep the
/// multiply-add units busy; a fourth pixel gains nothing and takes the JIT compiler a quarter more memory. Weights are
/// packed `[tile of 4 outputs][tap][4]`, so that a tile walks them straight ahead. Pixels beyond a multiple of
/// 3 are reached by moving the last tile back over finished ones; fewer than 3 in all are taken singly.
final class DirectCorrelation implements Correlation {
    /// Outputs of a tile, and pixels.
    private static final int TILE = 4;

    private static final int PIXELS = 3;

    private final int[] taps;
    private final int[] inPixels;
    private final int[] outChannels;
    private final int[] outPixels;
    private final float least;

    private final int[] packing;
    private final int[] biasSource;
    private final float[] weights;
    private final float[] bias;

    /// @param taps        offset of each tap from a pixel's first, in floats of the input
    /// @param inPixels    offset of each pixel's first tap from the start of a block
    /// @param outChannels offset of each output channel from the start of a block
    /// @param outPixels   offset of each pixel from the start of its output channel
    /// @param least       [Epilogue#least] of the outputs
    /// @param source      `[outChannels][taps]`: where each weight stands among the parameters
    /// @param biasSource  `[outChannels]`, likewise; empty where there is no bias
    DirectCorrelation(
            int[] taps,
            int[] inPixels,
            int[] outChannels,
            int[] outPixels,
            float least,
            int[][] source,
            int[] biasSource) {
        this.taps = taps;
        this.inPixels = inPixels;
        this.outChannels = outChannels;
        this.outPixels = outPixels;
        this.least = least;
        this.biasSource = biasSource;
        int tiles = Math.ceilDiv(outChannels.length, TILE);
        packing = new int[tiles * taps.length * TILE];
        Arrays.fill(packing, -1);
        for (int o = 0; o < outChannels.length; o++) {
            for (int t = 0; t < taps.length; t++) {
                packing[(o / TILE * taps.length + t) * TILE + o % TILE] = source[o][t];
            }
        }
        weights = new float[packing.length];
        bias = new float[tiles * TILE];
    }

    @Override
    public void pack(float[] parameters) {
        for (int i = 0; i < packing.length; i++) {
            if (packing[i] >= 0) {
                weights[i] = parameters[packing[i]];
            }
        }
        for (int o = 0; o < biasSource.length; o++) {
            bias[o] = parameters[biasSource[o]];
        }
    }

    @Override
    public int scratchLength() {
        return 0;
    }

    @Override
    public void run(float[] in, int inBase, float[] out, int outBase, float[] scratch) {
        int pixels = inPixels.length;
        for (int o = 0; o < outChannels.length; o += TILE) {
            if (pixels < PIXELS) {
                for (int p = 0; p < pixels; p++) {
                    column(in, inBase, out, outBase, o, p);
                }
                continue;
            }
            for (int p = 0; p < pixels; p += PIXELS) {
                tile(in, inBase, out, outBase, o, Math.min(p, pixels - PIXELS));
            }
        }
    }

    private void tile(float[] in, int inBase, float[] out, int outBase, int o, int p) {
        int p0 = inBase + inPixels[p];
        int p1 = inBase + inPixels[p + 1];
        int p2 = inBase + inPixels[p + 2];
        FloatVector a00 = FloatVector.broadcast(SPECIES, bias[o]);
        FloatVector a01 = a00;
        FloatVector a02 = a00;
        FloatVector a10 = FloatVector.broadcast(SPECIES, bias[o + 1]);
        FloatVector a11 = a10;
        FloatVector a12 = a10;
        FloatVector a20 = FloatVector.broadcast(SPECIES, bias[o + 2]);
        FloatVector a21 = a20;
        FloatVector a22 = a20;
        FloatVector a30 = FloatVector.broadcast(SPECIES, bias[o + 3]);
        FloatVector a31 = a30;
        FloatVector a32 = a30;
        float[] weights = this.weights;
        int[] taps = this.taps;
        int w = o * taps.length;
        for (int t = 0; t < taps.length; t++, w += TILE) {
            int tap = taps[t];
            FloatVector x0 = FloatVector.fromArray(SPECIES, in, p0 + tap);
            FloatVector x1 = FloatVector.fromArray(SPECIES, in, p1 + tap);
            FloatVector x2 = FloatVector.fromArray(SPECIES, in, p2 + tap);
            FloatVector w0 = FloatVector.broadcast(SPECIES, weights[w]);
            a00 = fma(w0, x0, a00);
            a01 = fma(w0, x1, a01);
            a02 = fma(w0, x2, a02);
            FloatVector w1 = FloatVector.broadcast(SPECIES, weights[w + 1]);
            a10 = fma(w1, x0, a10);
            a11 = fma(w1, x1, a11);
            a12 = fma(w1, x2, a12);
            FloatVector w2 = FloatVector.broadcast(SPECIES, weights[w + 2]);
            a20 = fma(w2, x0, a20);
            a21 = fma(w2, x1, a21);
            a22 = fma(w2, x2, a22);
            FloatVector w3 = FloatVector.broadcast(SPECIES, weights[w + 3]);
            a30 = fma(w3, x0, a30);
            a31 = fma(w3, x1, a31);
            a32 = fma(w3, x2, a32);
        }
        int outputs = outChannels.length - o;
        FloatVector least = FloatVector.broadcast(SPECIES, this.least);
        int q0 = outBase + outPixels[p];
        int q1 = outBase + outPixels[p + 1];
        int q2 = outBase + outPixels[p + 2];
        int c0 = outChannels[o];
        a00.blend(least, a00.compare(LT, least)).intoArray(out, c0 + q0);
        a01.blend(least, a01.compare(LT, least)).intoArray(out, c0 + q1);
        a02.blend(least, a02.compare(LT, least)).intoArray(out, c0 + q2);
        if (outputs > 1) {
            int c1 = outChannels[o + 1];
            a10.blend(least, a10.compare(LT, least)).intoArray(out, c1 + q0);
            a11.blend(least, a11.compare(LT, least)).intoArray(out, c1 + q1);
            a12.blend(least, a12.compare(LT, least)).intoArray(out, c1 + q2);
        }
        if (outputs > 2) {
            int c2 = outChannels[o + 2];
            a20.blend(least, a20.compare(LT, least)).intoArray(out, c2 + q0);
            a21.blend(least, a21.compare(LT, least)).intoArray(out, c2 + q1);
            a22.blend(least, a22.compare(LT, least)).intoArray(out, c2 + q2);
        }
        if (outputs > 3) {
            int c3 = outChannels[o + 3];
            a30.blend(least, a30.compare(LT, least)).intoArray(out, c3 + q0);
            a31.blend(least, a31.compare(LT, least)).intoArray(out, c3 + q1);
            a32.blend(least, a32.compare(LT, least)).intoArray(out, c3 + q2);
        }
    }

    /// A tile of one pixel.
    private void column(float[] in, int inBase, float[] out, int outBase, int o, int p) {
        int pixel = inBase + inPixels[p];
        FloatVector a0 = FloatVector.broadcast(SPECIES, bias[o]);
        FloatVector a1 = FloatVector.broadcast(SPECIES, bias[o + 1]);
        FloatVector a2 = FloatVector.broadcast(SPECIES, bias[o + 2]);
        FloatVector a3 = FloatVector.broadcast(SPECIES, bias[o + 3]);
        int w = o * taps.length;
        for (int t = 0; t < taps.length; t++, w += TILE) {
            FloatVector x = FloatVector.fromArray(SPECIES, in, pixel + taps[t]);
            a0 = fma(FloatVector.broadcast(SPECIES, weights[w]), x, a0);
            a1 = fma(FloatVector.broadcast(SPECIES, weights[w + 1]), x, a1);
            a2 = fma(FloatVector.broadcast(SPECIES, weights[w + 2]), x, a2);
            a3 = fma(FloatVector.broadcast(SPECIES, weights[w + 3]), x, a3);
        }
        int q = outBase + outPixels[p];
        FloatVector least = FloatVector.broadcast(SPECIES, this.least);
        int outputs = outChannels.length - o;
        a0.blend(least, a0.compare(LT, least)).intoArray(out, outChannels[o] + q);
        if (outputs > 1) {
            a1.blend(least, a1.compare(LT, least)).intoArray(out, outChannels[o + 1] + q);
        }
        if (outputs > 2) {
            a2.blend(least, a2.compare(LT, least)).intoArray(out, outChannels[o + 2] + q);
        }
        if (outputs > 3) {
            a3.blend(least, a3.compare(LT, least)).intoArray(out, outChannels[o + 3] + q);
        }
    }
}
