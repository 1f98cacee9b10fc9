package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;

import io.mnist20k.network.Shape;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// A correlation with 3×3 kernels at stride 1, by [Winograd]'s products: of a group of tiles all inputs are
/// transformed, then each of the 36 products is a small matrix product over channels, then all outputs are
/// transformed back.
///
/// Blocking: a group is some rows of tiles, about a dozen tiles, whose products stay in the second-level cache. The
/// matrix product works like [DirectCorrelation], on 4 outputs × 4 tiles in registers; a number of tiles that 4 does
/// not divide is made up with threes, or else with single ones. Sums are short here, one term a channel: through
/// offset tables like those of [DirectCorrelation], the whole step was a tenth slower.
final class WinogradCorrelation implements Correlation {
    private static final int TILE = 4;
    private static final int TAPS = Winograd.KERNEL * Winograd.KERNEL;
    private static final int TILES_A_GROUP = 12;

    private final WinogradTiles tiles;
    private final @Nullable PointwiseNorm norm;
    private final Epilogue epilogue;
    private final boolean cached;
    private final int inputs;
    private final int outputs;
    private final int inOrigin;
    private final int inPlane;
    private final int inLine;
    private final int outOrigin;
    private final int outPlane;
    private final int outLine;

    /// Where the nine weights of each lane of each packed vector stand among the parameters, -1 for none.
    private final int[] packing;

    private final int[] biasSource;
    private final float[] bias;

    /// `[product][tile of 4 outputs][input][4]`.
    private final float[] weights;

    private final int rowsOfTiles;

    /// Most tiles in a group.
    private final int most;

    private final int inStep;
    private final int outStep;

    /// @param in         where the inputs come from, their elements side by side, border and all
    /// @param norm       that the inputs still have to go through; their border is then none of theirs
    /// @param out        where the outputs go; its elements stand side by side
    /// @param epilogue   of the outputs; tiles cover those that it makes something of
    /// @param source     `[output][input * 9 + tap]`: where each weight stands among the parameters
    /// @param biasSource `[output]`, likewise; empty where there is no bias
    /// @param rim        outputs on each side that are left out
    /// @param cached     whether inputs and outputs are in the caches already, so that looking ahead is for nothing
    WinogradCorrelation(
            Planes in,
            @Nullable PointwiseNorm norm,
            Planes out,
            Epilogue epilogue,
            int[][] source,
            int[] biasSource,
            int rim,
            boolean cached) {
        Shape computed = epilogue.over(out.shape);
        tiles = new WinogradTiles(computed.height() - 2 * rim, computed.width() - 2 * rim);
        this.norm = norm;
        this.epilogue = epilogue;
        this.cached = cached;
        inputs = in.shape.channels();
        outputs = out.shape.channels();
        inPlane = in.planeStride;
        inLine = in.lineLength;
        // A border is padding to be read; where there is a norm, it is the gradient's, which takes the inputs' place.
        inOrigin = (norm == null ? 0 : in.origin) + rim * (in.lineLength + COUNT);
        outOrigin = out.origin + rim * (out.rowStride + COUNT);
        outPlane = out.planeStride;
        outLine = out.rowStride;
        this.biasSource = biasSource;
        packing = packing(source);
        bias = new float[outputs];
        weights = new float[Winograd.PRODUCTS * paddedOutputs() * inputs];
        rowsOfTiles = Math.clamp(TILES_A_GROUP / tiles.across(), 1, tiles.down());
        most = rowsOfTiles * tiles.across();
        // One vector more, so that the 36 products of a tile do not meet in the same few cache sets.
        inStep = (inputs * most + 1) * COUNT;
        outStep = (paddedOutputs() * most + 1) * COUNT;
    }

    /// Whether this works, and is the faster way.
    static boolean pays(Shape in, Shape out) {
        return in.channels() >= inputsAVector() && cost(in, out, 0) < WinogradTiles.direct(in, out);
    }

    /// In multiply-adds.
    static long cost(Shape in, Shape out, int rim) {
        var tiles = new WinogradTiles(out.height() - 2 * rim, out.width() - 2 * rim);
        return tiles.cost(in.channels(), out.channels());
    }

    private int paddedOutputs() {
        return Math.ceilDiv(outputs, TILE) * TILE;
    }

    @Override
    public int scratchLength() {
        return tiles.tempLength() + Winograd.PRODUCTS * (inStep + outStep);
    }

    private int[] packing(int[][] source) {
        var packing = IntStream.builder();
        for (int o = 0; o < outputs; o += TILE) {
            for (int c = 0; c < inputs; c += inputsAVector()) {
                for (int tap = 0; tap < TAPS; tap++) {
                    for (int lane = 0; lane < COUNT; lane++) {
                        int output = o + lane % TILE;
                        int input = firstInput(c) + lane / TILE;
                        packing.add(output < outputs ? source[output][input * TAPS + tap] : -1);
                    }
                }
            }
        }
        return packing.build().toArray();
    }

    /// Inputs whose weights for 4 outputs fill a vector, a lane each.
    private static int inputsAVector() {
        return COUNT / TILE;
    }

    /// The last vector of a tile of outputs ends with it, over inputs that the one before has had too.
    private int firstInput(int c) {
        return Math.min(c, inputs - inputsAVector());
    }

    @Override
    public void pack(float[] parameters) {
        float[] kernels = new float[(TAPS + Winograd.IN * Winograd.KERNEL) * COUNT];
        int next = 0;
        for (int o = 0; o < outputs; o += TILE) {
            for (int c = 0; c < inputs; c += inputsAVector()) {
                for (int i = 0; i < TAPS * COUNT; i++) {
                    int parameter = packing[next++];
                    kernels[i] = parameter < 0 ? 0 : parameters[parameter];
                }
                int to = o * inputs + firstInput(c) * TILE;
                Winograd.kernels(kernels, 0, TAPS * COUNT, weights, to, paddedOutputs() * inputs);
            }
        }
        for (int o = 0; o < biasSource.length; o++) {
            bias[o] = parameters[biasSource[o]];
        }
    }

    @Override
    public void run(float[] in, int inBase, float[] out, int outBase, float[] scratch) {
        for (int row = 0; row < tiles.down(); row += rowsOfTiles) {
            int rows = Math.min(rowsOfTiles, tiles.down() - row);
            transformInputs(in, inBase, row, rows, scratch);
            multiply(rows * tiles.across(), scratch);
            transformOutputs(row, rows, scratch, out, outBase + outOrigin);
        }
    }

    private int inProducts() {
        return Planes.START + tiles.tempLength();
    }

    private int outProducts() {
        return inProducts() + Winograd.PRODUCTS * inStep;
    }

    private void transformInputs(float[] in, int inBase, int firstRow, int rows, float[] scratch) {
        int lastLine = tiles.y(firstRow + rows - 1) + Winograd.IN;
        for (int c = 0; c < inputs; c++) {
            int plane = inBase + inOrigin + c * inPlane;
            if (!cached) {
                Prefetch.read(in, plane + tiles.y(firstRow) * inLine, plane + lastLine * inLine, scratch);
            }
            for (int row = 0; row < rows; row++) {
                int at = inBase + inOrigin + c * inPlane + tiles.y(firstRow + row) * inLine;
                int to = inProducts() + (c * most + row * tiles.across()) * COUNT;
                tiles.transformRow(in, at, inLine, norm, c, scratch, to, inStep);
            }
        }
    }

    private void multiply(int count, float[] scratch) {
        int missing = (TILE - count % TILE) % TILE;
        int threes = 3 * missing <= count ? missing : 0;
        int endOfFours = (count - 3 * threes) / TILE * TILE;
        int endOfThrees = endOfFours + 3 * threes;
        int weight = 0;
        for (int product = 0; product < Winograd.PRODUCTS; product++) {
            int in = inProducts() + product * inStep;
            int out = outProducts() + product * outStep;
            for (int o = 0; o < outputs; o += TILE, weight += inputs * TILE) {
                int row = out + o * most * COUNT;
                for (int tile = 0; tile < endOfFours; tile += TILE) {
                    four(weight, scratch, in + tile * COUNT, row + tile * COUNT);
                }
                for (int tile = endOfFours; tile < endOfThrees; tile += 3) {
                    three(weight, scratch, in + tile * COUNT, row + tile * COUNT);
                }
                for (int tile = endOfThrees; tile < count; tile++) {
                    one(weight, scratch, in + tile * COUNT, row + tile * COUNT);
                }
            }
        }
    }

    private void transformOutputs(int firstRow, int rows, float[] scratch, float[] out, int outBase) {
        int side = epilogue.side();
        int firstLine = tiles.y(firstRow) / side;
        int lastLine = (tiles.y(firstRow + rows - 1) + Winograd.OUT) / side;
        for (int o = 0; o < outputs; o++) {
            int plane = outBase + o * outPlane;
            if (!cached) {
                Prefetch.read(out, plane + firstLine * outLine, plane + lastLine * outLine, scratch);
            }
            for (int row = 0; row < rows; row++) {
                int to = plane + tiles.y(firstRow + row) / side * outLine;
                int at = outProducts() + (o * most + row * tiles.across()) * COUNT;
                for (int column = 0; column < tiles.across(); column++) {
                    Winograd.outputColumns(scratch, at + column * COUNT, outStep, Planes.START);
                    int corner = to + tiles.x(column) / side * COUNT;
                    if (epilogue.pools()) {
                        Winograd.pooledRows(scratch, Planes.START, bias[o], epilogue.least(), out, corner, outLine);
                    } else {
                        Winograd.outputRows(scratch, Planes.START, bias[o], epilogue.least(), out, corner, outLine);
                    }
                }
            }
        }
    }

    private void four(int w, float[] scratch, int x, int m) {
        float[] weights = this.weights;
        int line = most * COUNT;
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
        for (int end = w + inputs * TILE; w < end; w += TILE, x += line) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, scratch, x);
            FloatVector x1 = FloatVector.fromArray(SPECIES, scratch, x + COUNT);
            FloatVector x2 = FloatVector.fromArray(SPECIES, scratch, x + 2 * COUNT);
            FloatVector x3 = FloatVector.fromArray(SPECIES, scratch, x + 3 * COUNT);
            FloatVector w0 = FloatVector.broadcast(SPECIES, weights[w]);
            a00 = fma(w0, x0, a00);
            a01 = fma(w0, x1, a01);
            a02 = fma(w0, x2, a02);
            a03 = fma(w0, x3, a03);
            FloatVector w1 = FloatVector.broadcast(SPECIES, weights[w + 1]);
            a10 = fma(w1, x0, a10);
            a11 = fma(w1, x1, a11);
            a12 = fma(w1, x2, a12);
            a13 = fma(w1, x3, a13);
            FloatVector w2 = FloatVector.broadcast(SPECIES, weights[w + 2]);
            a20 = fma(w2, x0, a20);
            a21 = fma(w2, x1, a21);
            a22 = fma(w2, x2, a22);
            a23 = fma(w2, x3, a23);
            FloatVector w3 = FloatVector.broadcast(SPECIES, weights[w + 3]);
            a30 = fma(w3, x0, a30);
            a31 = fma(w3, x1, a31);
            a32 = fma(w3, x2, a32);
            a33 = fma(w3, x3, a33);
        }
        a00.intoArray(scratch, m);
        a01.intoArray(scratch, m + COUNT);
        a02.intoArray(scratch, m + 2 * COUNT);
        a03.intoArray(scratch, m + 3 * COUNT);
        a10.intoArray(scratch, m + line);
        a11.intoArray(scratch, m + line + COUNT);
        a12.intoArray(scratch, m + line + 2 * COUNT);
        a13.intoArray(scratch, m + line + 3 * COUNT);
        a20.intoArray(scratch, m + 2 * line);
        a21.intoArray(scratch, m + 2 * line + COUNT);
        a22.intoArray(scratch, m + 2 * line + 2 * COUNT);
        a23.intoArray(scratch, m + 2 * line + 3 * COUNT);
        a30.intoArray(scratch, m + 3 * line);
        a31.intoArray(scratch, m + 3 * line + COUNT);
        a32.intoArray(scratch, m + 3 * line + 2 * COUNT);
        a33.intoArray(scratch, m + 3 * line + 3 * COUNT);
    }

    private void three(int w, float[] scratch, int x, int m) {
        float[] weights = this.weights;
        int line = most * COUNT;
        FloatVector a00 = FloatVector.zero(SPECIES);
        FloatVector a01 = a00;
        FloatVector a02 = a00;
        FloatVector a10 = a00;
        FloatVector a11 = a00;
        FloatVector a12 = a00;
        FloatVector a20 = a00;
        FloatVector a21 = a00;
        FloatVector a22 = a00;
        FloatVector a30 = a00;
        FloatVector a31 = a00;
        FloatVector a32 = a00;
        for (int end = w + inputs * TILE; w < end; w += TILE, x += line) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, scratch, x);
            FloatVector x1 = FloatVector.fromArray(SPECIES, scratch, x + COUNT);
            FloatVector x2 = FloatVector.fromArray(SPECIES, scratch, x + 2 * COUNT);
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
        a00.intoArray(scratch, m);
        a01.intoArray(scratch, m + COUNT);
        a02.intoArray(scratch, m + 2 * COUNT);
        a10.intoArray(scratch, m + line);
        a11.intoArray(scratch, m + line + COUNT);
        a12.intoArray(scratch, m + line + 2 * COUNT);
        a20.intoArray(scratch, m + 2 * line);
        a21.intoArray(scratch, m + 2 * line + COUNT);
        a22.intoArray(scratch, m + 2 * line + 2 * COUNT);
        a30.intoArray(scratch, m + 3 * line);
        a31.intoArray(scratch, m + 3 * line + COUNT);
        a32.intoArray(scratch, m + 3 * line + 2 * COUNT);
    }

    private void one(int w, float[] scratch, int x, int m) {
        float[] weights = this.weights;
        int line = most * COUNT;
        FloatVector a00 = FloatVector.zero(SPECIES);
        FloatVector a10 = a00;
        FloatVector a20 = a00;
        FloatVector a30 = a00;
        for (int end = w + inputs * TILE; w < end; w += TILE, x += line) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, scratch, x);
            FloatVector w0 = FloatVector.broadcast(SPECIES, weights[w]);
            a00 = fma(w0, x0, a00);
            FloatVector w1 = FloatVector.broadcast(SPECIES, weights[w + 1]);
            a10 = fma(w1, x0, a10);
            FloatVector w2 = FloatVector.broadcast(SPECIES, weights[w + 2]);
            a20 = fma(w2, x0, a20);
            FloatVector w3 = FloatVector.broadcast(SPECIES, weights[w + 3]);
            a30 = fma(w3, x0, a30);
        }
        a00.intoArray(scratch, m);
        a10.intoArray(scratch, m + line);
        a20.intoArray(scratch, m + 2 * line);
        a30.intoArray(scratch, m + 3 * line);
    }
}
