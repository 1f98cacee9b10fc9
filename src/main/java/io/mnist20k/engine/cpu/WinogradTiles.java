package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.network.Shape;
import org.jspecify.annotations.Nullable;

/// How a plane of `height` × `width` outputs, at least 4×4, is cut into [Winograd]'s tiles. The last tile of a row or
/// column ends with the plane, over outputs that the one before has computed too.
record WinogradTiles(int height, int width) {
    /// About what the transforms of a tile take, in multiply-adds: of one channel's inputs, of one channel's outputs
    /// or their gradients. Measured, memory traffic included.
    private static final int INPUT_COST = 200;

    private static final int OUTPUT_COST = 150;

    /// What all tiles take, in multiply-adds.
    long cost(int inputs, int outputs) {
        if (Math.min(height, width) < Winograd.OUT) {
            return Long.MAX_VALUE / 2;
        }
        long products = (long) Winograd.PRODUCTS * inputs * outputs;
        return count() * (products + (long) INPUT_COST * inputs + (long) OUTPUT_COST * outputs);
    }

    /// Multiply-adds of a 3×3 correlation without Winograd.
    static long direct(Shape in, Shape out) {
        return (long) Winograd.KERNEL * Winograd.KERNEL * in.channels() * out.elements();
    }

    int across() {
        return Math.ceilDiv(width, Winograd.OUT);
    }

    int down() {
        return Math.ceilDiv(height, Winograd.OUT);
    }

    int count() {
        return across() * down();
    }

    /// First column of outputs, and of inputs, of a tile.
    int x(int column) {
        return Math.min(column * Winograd.OUT, width - Winograd.OUT);
    }

    /// First row, likewise.
    int y(int row) {
        return Math.min(row * Winograd.OUT, height - Winograd.OUT);
    }

    /// Outputs at the beginning of a tile that an earlier one has had.
    int repeatedX(int column) {
        return column * Winograd.OUT - x(column);
    }

    int repeatedY(int row) {
        return row * Winograd.OUT - y(row);
    }

    private int inWidth() {
        return width + Winograd.KERNEL - 1;
    }

    /// Floats that transforms need to work in.
    int tempLength() {
        return Math.max(2 * inWidth() * Winograd.IN, Winograd.PRODUCTS + Winograd.OUT * Winograd.OUT) * COUNT;
    }

    /// The products' inputs of a row of tiles. Neighbours share the transform along columns where they overlap.
    ///
    /// @param norm    that a channel's inputs still have to go through
    /// @param scratch works from [Planes#START] on; gets product i of tile n at `to + n * COUNT + i * step`
    void transformRow(
            float[] in,
            int at,
            int line,
            @Nullable PointwiseNorm norm,
            int channel,
            float[] scratch,
            int to,
            int step) {
        int transformed = Planes.START;
        if (norm == null) {
            Winograd.inputColumns(in, at, line, inWidth(), scratch, transformed);
        } else {
            int lines = transformed + Winograd.IN * inWidth() * COUNT;
            norm.normalise(channel, in, at, line, Winograd.IN, inWidth(), scratch, lines);
            Winograd.inputColumns(scratch, lines, inWidth() * COUNT, inWidth(), scratch, transformed);
        }
        for (int column = 0; column < across(); column++) {
            Winograd.inputRows(scratch, transformed + x(column) * COUNT, inWidth(), scratch, to + column * COUNT, step);
        }
    }
}
