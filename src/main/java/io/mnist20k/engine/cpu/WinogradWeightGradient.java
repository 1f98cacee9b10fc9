package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import io.mnist20k.network.Shape;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// The gradient of 3×3 kernels at stride 1, by [Winograd]'s products: inputs and output gradients of all tiles are
/// transformed, each of the 36 products is a matrix product over tiles, the lanes of what comes out are added, and the
/// sums transformed back to nine weights a pair of channels.
///
/// Blocking: like [DirectWeightGradient], 4 outputs × 4 inputs in registers, over all tiles of the plane at once.
/// Groups
/// of tiles whose transforms would stay in the second-level cache were tried: adding their sums up costs more.
final class WinogradWeightGradient implements WeightGradient {
    private static final int TILE = 4;
    private static final int TAPS = Winograd.KERNEL * Winograd.KERNEL;

    /// About what it takes to add the lanes of a pair of channels' 36 products, in multiply-adds.
    private static final int FOLD_COST = 180;

    private final WinogradTiles tiles;
    private final Planes in;
    private final @Nullable PointwiseNorm norm;
    private final Planes dOut;
    private final int inputs;
    private final int outputs;
    private final int[][] target;

    /// Vectors from one channel to the next, and floats from one product to the next.
    private final int line;

    private final int inStep;
    private final int outStep;

    /// Sums of a product: of 4 × 4 pairs of channels after 4 × 4 pairs.
    private final int pairs;

    /// @param norm   that the inputs still have to go through
    /// @param target `[output][input * 9 + tap]`: where each weight stands among the parameters
    WinogradWeightGradient(Planes in, @Nullable PointwiseNorm norm, Planes dOut, int[][] target) {
        this.in = in;
        this.norm = norm;
        this.dOut = dOut;
        this.target = target;
        tiles = new WinogradTiles(dOut.shape.height(), dOut.shape.width());
        inputs = in.shape.channels();
        outputs = dOut.shape.channels();
        line = (tiles.count() + 1) * COUNT;
        inStep = padded(inputs) * line + COUNT;
        outStep = padded(outputs) * line + COUNT;
        pairs = padded(inputs) * padded(outputs);
    }

    /// Whether this is the faster way.
    static boolean pays(Shape in, Shape out) {
        long pairs = (long) in.channels() * out.channels();
        long tiles = new WinogradTiles(out.height(), out.width()).cost(in.channels(), out.channels());
        return tiles + FOLD_COST * pairs < WinogradTiles.direct(in, out);
    }

    private static int padded(int channels) {
        return Math.ceilDiv(channels, TILE) * TILE;
    }

    private int inProducts() {
        return Planes.START + tiles.tempLength();
    }

    private int outProducts() {
        return inProducts() + Winograd.PRODUCTS * inStep;
    }

    private int sums() {
        return outProducts() + Winograd.PRODUCTS * outStep;
    }

    private int weights() {
        return sums() + Winograd.PRODUCTS * pairs;
    }

    private int unfolded() {
        return weights() + TAPS * COUNT;
    }

    @Override
    public int scratchLength() {
        return unfolded() + pairs * COUNT - Planes.START;
    }

    @Override
    public void run(float[] in, int inBase, float[] dOut, int outBase, float[] scratch, float[] gradient) {
        transformInputs(in, inBase, scratch);
        transformGradients(dOut, outBase, scratch);
        multiply(scratch);
        transformWeights(scratch, gradient);
    }

    private void transformInputs(float[] in, int inBase, float[] scratch) {
        for (int c = 0; c < inputs; c++) {
            int plane = inBase + c * this.in.planeStride;
            Lookahead.read(in, plane, plane + this.in.planeStride, scratch);
            for (int row = 0; row < tiles.down(); row++) {
                int at = plane + tiles.y(row) * this.in.lineLength;
                int to = inProducts() + c * line + row * tiles.across() * COUNT;
                tiles.transformRow(in, at, this.in.lineLength, norm, c, scratch, to, inStep);
            }
        }
    }

    private void transformGradients(float[] dOut, int outBase, float[] scratch) {
        int origin = outBase + this.dOut.elements()[0];
        for (int o = 0; o < outputs; o++) {
            int to = outProducts() + o * line;
            int plane = origin + o * this.dOut.planeStride;
            Lookahead.read(dOut, plane, plane + tiles.height() * this.dOut.rowStride, scratch);
            for (int row = 0; row < tiles.down(); row++) {
                for (int column = 0; column < tiles.across(); column++, to += COUNT) {
                    int at = plane + tiles.y(row) * this.dOut.rowStride + tiles.x(column) * COUNT;
                    int repeatedX = tiles.repeatedX(column);
                    int repeatedY = tiles.repeatedY(row);
                    if (repeatedX + repeatedY == 0) {
                        Winograd.gradient(dOut, at, this.dOut.rowStride, scratch, Planes.START, to, outStep);
                    } else {
                        int copy = Planes.START + Winograd.PRODUCTS * COUNT;
                        copyUnrepeated(dOut, at, repeatedX, repeatedY, scratch, copy);
                        Winograd.gradient(scratch, copy, Winograd.OUT * COUNT, scratch, Planes.START, to, outStep);
                    }
                }
            }
        }
    }

    /// A tile with zeros where an earlier one has had its share.
    private void copyUnrepeated(float[] dOut, int at, int repeatedX, int repeatedY, float[] copy, int to) {
        for (int y = 0; y < Winograd.OUT; y++) {
            for (int x = 0; x < Winograd.OUT; x++) {
                FloatVector value = y < repeatedY || x < repeatedX
                        ? FloatVector.zero(SPECIES)
                        : FloatVector.fromArray(SPECIES, dOut, at + y * this.dOut.rowStride + x * COUNT);
                value.intoArray(copy, to + (y * Winograd.OUT + x) * COUNT);
            }
        }
    }

    private void multiply(float[] scratch) {
        for (int product = 0; product < Winograd.PRODUCTS; product++) {
            int x = inProducts() + product * inStep;
            int g = outProducts() + product * outStep;
            int to = unfolded();
            for (int o = 0; o < outputs; o += TILE) {
                for (int c = 0; c < inputs; c += TILE, to += TILE * TILE * COUNT) {
                    tile(scratch, g + o * line, x + c * line, to);
                }
            }
            LaneSums.fold(scratch, unfolded(), pairs);
            for (int i = 0; i < pairs; i += COUNT) {
                FloatVector.fromArray(SPECIES, scratch, unfolded() + LaneSums.at(i))
                        .intoArray(scratch, sums() + product * pairs + i);
            }
        }
    }

    /// Of as many pairs of channels at a time as a vector has lanes.
    private void transformWeights(float[] scratch, float[] gradient) {
        for (int pair = 0; pair < pairs; pair += COUNT) {
            Winograd.weights(scratch, sums() + pair, pairs, Planes.START, weights());
            for (int lane = 0; lane < COUNT; lane++) {
                int tile = (pair + lane) / (TILE * TILE);
                int tilesOfInputs = padded(inputs) / TILE;
                int o = tile / tilesOfInputs * TILE + (pair + lane) / TILE % TILE;
                int c = tile % tilesOfInputs * TILE + (pair + lane) % TILE;
                if (o < outputs && c < inputs) {
                    for (int tap = 0; tap < TAPS; tap++) {
                        gradient[target[o][c * TAPS + tap]] = scratch[weights() + tap * COUNT + lane];
                    }
                }
            }
        }
    }

    /// `sums[o, c] = sum over tiles of g[o] * x[c]`, 4 × 4.
    private void tile(float[] scratch, int g, int x, int sums) {
        int line = this.line;
        FloatVector a00 = FloatVector.zero(SPECIES);
        FloatVector a01 = FloatVector.zero(SPECIES);
        FloatVector a02 = FloatVector.zero(SPECIES);
        FloatVector a03 = FloatVector.zero(SPECIES);
        FloatVector a10 = FloatVector.zero(SPECIES);
        FloatVector a11 = FloatVector.zero(SPECIES);
        FloatVector a12 = FloatVector.zero(SPECIES);
        FloatVector a13 = FloatVector.zero(SPECIES);
        FloatVector a20 = FloatVector.zero(SPECIES);
        FloatVector a21 = FloatVector.zero(SPECIES);
        FloatVector a22 = FloatVector.zero(SPECIES);
        FloatVector a23 = FloatVector.zero(SPECIES);
        FloatVector a30 = FloatVector.zero(SPECIES);
        FloatVector a31 = FloatVector.zero(SPECIES);
        FloatVector a32 = FloatVector.zero(SPECIES);
        FloatVector a33 = FloatVector.zero(SPECIES);
        for (int t = 0, end = tiles.count() * COUNT; t < end; t += COUNT) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, scratch, x + t);
            FloatVector x1 = FloatVector.fromArray(SPECIES, scratch, x + line + t);
            FloatVector x2 = FloatVector.fromArray(SPECIES, scratch, x + 2 * line + t);
            FloatVector x3 = FloatVector.fromArray(SPECIES, scratch, x + 3 * line + t);
            FloatVector g0 = FloatVector.fromArray(SPECIES, scratch, g + t);
            a00 = g0.fma(x0, a00);
            a01 = g0.fma(x1, a01);
            a02 = g0.fma(x2, a02);
            a03 = g0.fma(x3, a03);
            FloatVector g1 = FloatVector.fromArray(SPECIES, scratch, g + line + t);
            a10 = g1.fma(x0, a10);
            a11 = g1.fma(x1, a11);
            a12 = g1.fma(x2, a12);
            a13 = g1.fma(x3, a13);
            FloatVector g2 = FloatVector.fromArray(SPECIES, scratch, g + 2 * line + t);
            a20 = g2.fma(x0, a20);
            a21 = g2.fma(x1, a21);
            a22 = g2.fma(x2, a22);
            a23 = g2.fma(x3, a23);
            FloatVector g3 = FloatVector.fromArray(SPECIES, scratch, g + 3 * line + t);
            a30 = g3.fma(x0, a30);
            a31 = g3.fma(x1, a31);
            a32 = g3.fma(x2, a32);
            a33 = g3.fma(x3, a33);
        }
        a00.intoArray(scratch, sums);
        a01.intoArray(scratch, sums + COUNT);
        a02.intoArray(scratch, sums + 2 * COUNT);
        a03.intoArray(scratch, sums + 3 * COUNT);
        a10.intoArray(scratch, sums + 4 * COUNT);
        a11.intoArray(scratch, sums + 5 * COUNT);
        a12.intoArray(scratch, sums + 6 * COUNT);
        a13.intoArray(scratch, sums + 7 * COUNT);
        a20.intoArray(scratch, sums + 8 * COUNT);
        a21.intoArray(scratch, sums + 9 * COUNT);
        a22.intoArray(scratch, sums + 10 * COUNT);
        a23.intoArray(scratch, sums + 11 * COUNT);
        a30.intoArray(scratch, sums + 12 * COUNT);
        a31.intoArray(scratch, sums + 13 * COUNT);
        a32.intoArray(scratch, sums + 14 * COUNT);
        a33.intoArray(scratch, sums + 15 * COUNT);
    }
}
