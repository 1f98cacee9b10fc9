package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import io.mnist20k.network.Shape;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// The gradient of 3×3 kernels at stride 1, by [Winograd]'s products: inputs and output gradients of all tiles are
/// transformed, each of the 36 products is a matrix product over tiles, the lanes of what comes out are added, and the
/// sums transformed back to nine weights a pair of channels.
///
/// Blocking: like [DirectWeightGradient], 4 outputs × 4 inputs in registers, over all tiles of the plane at
/// once. Groups of tiles whose transforms would stay in the second-level cache were tried: adding their sums up
/// costs more.
final class WinogradWeightGradient implements WeightGradient {
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

    /// Of one of the 36 products: channels are taps, and tiles are pixels.
    private final OuterProduct product;

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
        inStep = inputs * line + COUNT;
        outStep = outputs * line + COUNT;
        int[] places = IntStream.range(0, tiles.count()).map(n -> n * COUNT).toArray();
        product = new OuterProduct(lines(inputs), places, lines(outputs), places);
    }

    /// Whether this is the faster way.
    static boolean pays(Shape in, Shape out) {
        long pairs = (long) in.channels() * out.channels();
        long tiles = new WinogradTiles(out.height(), out.width()).cost(in.channels(), out.channels());
        return tiles + FOLD_COST * pairs < WinogradTiles.direct(in, out);
    }

    private int[] lines(int channels) {
        return IntStream.range(0, channels).map(c -> c * line).toArray();
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
        return sums() + Winograd.PRODUCTS * product.sums();
    }

    private int unfolded() {
        return weights() + TAPS * product.sums();
    }

    @Override
    public int scratchLength() {
        return unfolded() + product.scratchLength() - Planes.START;
    }

    @Override
    public void run(float[] in, int inBase, float[] dOut, int outBase, float[] scratch, float[] gradient) {
        transformInputs(in, inBase, scratch);
        transformGradients(dOut, outBase, scratch);
        multiply(scratch);
        transformWeights(scratch, gradient);
    }

    private void transformInputs(float[] in, int inBase, float[] scratch) {
        // As in WinogradCorrelation, a border that is not padding.
        int origin = inBase + (norm == null ? 0 : this.in.origin);
        for (int c = 0; c < inputs; c++) {
            int plane = origin + c * this.in.planeStride;
            Prefetch.read(in, plane, plane + (tiles.height() + Winograd.KERNEL - 1) * this.in.lineLength, scratch);
            for (int row = 0; row < tiles.down(); row++) {
                int at = plane + tiles.y(row) * this.in.lineLength;
                int to = inProducts() + c * line + row * tiles.across() * COUNT;
                tiles.transformRow(in, at, this.in.lineLength, norm, c, scratch, to, inStep);
            }
        }
    }

    private void transformGradients(float[] dOut, int outBase, float[] scratch) {
        int origin = outBase + this.dOut.origin;
        for (int o = 0; o < outputs; o++) {
            int to = outProducts() + o * line;
            int plane = origin + o * this.dOut.planeStride;
            Prefetch.read(dOut, plane, plane + tiles.height() * this.dOut.rowStride, scratch);
            for (int row = 0; row < tiles.down(); row++) {
                for (int column = 0; column < tiles.across(); column++, to += COUNT) {
                    int at = plane + tiles.y(row) * this.dOut.rowStride + tiles.x(column) * COUNT;
                    int repeatedX = tiles.repeatedX(column);
                    int repeatedY = tiles.repeatedY(row);
                    float[] tile = dOut;
                    int tileLine = this.dOut.rowStride;
                    if (repeatedX + repeatedY > 0) {
                        int copy = Planes.START + Winograd.PRODUCTS * COUNT;
                        copyUnrepeated(dOut, at, repeatedX, repeatedY, scratch, copy);
                        tile = scratch;
                        tileLine = Winograd.OUT * COUNT;
                        at = copy;
                    }
                    Winograd.gradient(tile, at, tileLine, scratch, Planes.START, to, outStep);
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
        for (int i = 0; i < Winograd.PRODUCTS; i++) {
            int x = inProducts() + i * inStep;
            int g = outProducts() + i * outStep;
            product.run(scratch, x, scratch, g, scratch, unfolded());
            for (int pair = 0; pair < product.sums(); pair += COUNT) {
                FloatVector.fromArray(SPECIES, scratch, unfolded() + LaneSums.at(pair))
                        .intoArray(scratch, sums() + i * product.sums() + pair);
            }
        }
    }

    /// Of as many pairs of channels at a time as a vector has lanes; they stay where they are.
    private void transformWeights(float[] scratch, float[] gradient) {
        for (int pair = 0; pair < product.sums(); pair += COUNT) {
            Winograd.weights(scratch, sums() + pair, product.sums(), Planes.START, weights() + pair * TAPS);
        }
        for (int o = 0; o < outputs; o++) {
            for (int c = 0; c < inputs; c++) {
                int pair = product.number(o, c);
                int at = weights() + pair / COUNT * COUNT * TAPS + pair % COUNT;
                for (int tap = 0; tap < TAPS; tap++) {
                    gradient[target[o][c * TAPS + tap]] = scratch[at + tap * COUNT];
                }
            }
        }
    }
}
