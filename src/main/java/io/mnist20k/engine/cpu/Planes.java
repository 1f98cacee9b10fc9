package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.UserError;
import io.mnist20k.engine.MemoryPlan;
import io.mnist20k.engine.Region;
import io.mnist20k.network.Shape;
import java.util.Arrays;

/// One tensor of a batch, `[block][channel][row][column][lane]`, with room around and between its elements that is
/// zero: a border for the convolution that reads it as padded, and steps between elements for the data gradient of a
/// strided convolution, which reads it as dilated. Its memory is a part of [BlockMemory].
final class Planes {
    /// Where the first planes of an array begin. The program's JVM puts arrays at multiples of 64 bytes and their
    /// elements 16 bytes (4 floats) later, so from here on no vector straddles two cache lines: 8 % on weight
    /// gradients.
    static final int START = 12;

    final Shape shape;
    /// Distances, in floats, of neighbouring planes, rows of elements and elements of a row.
    final int planeStride;

    final int rowStride;
    final int columnStride;

    /// Length, in floats, of a row as it lies in memory; shorter than `rowStride` where elements stand apart.
    final int lineLength;

    /// In a block; without a time at which it is touched the planes are never used and have no memory.
    final Region region;

    @SuppressWarnings("NullAway.Init") // set by locate
    float[] data;

    private final boolean staysZero;
    private int start;
    private int blockStride;

    /// Of the first element, from the start of a plane.
    final int origin;

    /// @param before    empty rows above and columns left of the first element
    /// @param after     empty rows below and columns right of the last element
    /// @param step      distance of neighbouring elements, in elements
    /// @param staysZero whether what is around and between the elements stays zero by itself; else there is nothing
    ///                  between them, and the reader [clears][#clearBorder] what is around
    Planes(MemoryPlan memory, Shape shape, int before, int after, int step, boolean staysZero) {
        this.shape = shape;
        int paddedWidth = (shape.width() - 1) * step + 1 + before + after;
        int paddedHeight = (shape.height() - 1) * step + 1 + before + after;
        columnStride = step * COUNT;
        lineLength = paddedWidth * COUNT;
        rowStride = step * lineLength;
        long plane = (long) paddedHeight * lineLength;
        if (plane > Integer.MAX_VALUE) {
            throw new UserError("an output of " + shape + " with its border needs " + plane + " numbers for " + COUNT
                    + " images, more than one array holds; use a network with less padding or smaller kernels");
        }
        planeStride = (int) plane;
        origin = before * lineLength + before * COUNT;
        long bytes = (long) shape.channels() * planeStride * Float.BYTES;
        this.staysZero = staysZero;
        // Zeros stay only where nothing else comes in between.
        region = staysZero ? memory.lasting(bytes) : memory.passing(bytes);
    }

    /// Puts zeros around the elements, unless they are there anyway.
    void clearBorder(int block) {
        if (staysZero) {
            return;
        }
        for (int c = 0; c < shape.channels(); c++) {
            int end = block(block) + c * planeStride;
            for (int y = 0; y < shape.height(); y++) {
                int row = row(block, c, y);
                Arrays.fill(data, end, row, 0);
                end = row + shape.width() * COUNT;
            }
            Arrays.fill(data, end, block(block) + (c + 1) * planeStride, 0);
        }
    }

    /// @param blockStride distance, in floats, of neighbouring blocks
    void locate(float[] data, int blockStride) {
        this.data = data;
        this.blockStride = blockStride;
        start = START + (int) (region.offset() / Float.BYTES);
    }

    int block(int block) {
        return start + block * blockStride;
    }

    /// Of lane 0 of the first element of a row.
    int row(int block, int channel, int y) {
        return block(block) + channel * planeStride + origin + y * rowStride;
    }

    /// Offsets of all elements of a plane, row by row, from the start of that plane.
    int[] elements() {
        int[] offsets = new int[shape.pixels()];
        for (int y = 0; y < shape.height(); y++) {
            for (int x = 0; x < shape.width(); x++) {
                offsets[y * shape.width() + x] = origin + y * rowStride + x * columnStride;
            }
        }
        return offsets;
    }
}
