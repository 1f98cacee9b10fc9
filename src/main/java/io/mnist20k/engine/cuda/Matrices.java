package io.mnist20k.engine.cuda;

import io.mnist20k.network.Tensor;
import java.util.List;

/// The matrices that Muon updates, a block of threads each, as `muon.cuh` has them. Blocks compute in shared memory
/// where the largest matrix fits, else in the device's.
final class Matrices {
    /// Threads of a block; `MUON_THREADS` of `muon.cuh`.
    static final int THREADS = 512;

    /// Numbers that rows and columns are filled up to multiples of; `MUON_TILE` of `muon.cuh`.
    private static final int TILE = 4;

    /// Ints of `struct Matrix`.
    private static final int FIELDS = 4;

    private final int[] table;
    private final long bytes;
    private final long mostBytes;
    private final boolean fits;

    /// @param tensors     of the matrices
    /// @param sharedBytes that the GPU has for a block
    Matrices(List<Tensor> tensors, Layout layout, int sharedBytes) {
        table = new int[FIELDS * tensors.size()];
        long scratch = 0;
        long most = 0;
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            int rows = tensor.shape().getFirst();
            int columns = tensor.elements() / rows;
            table[FIELDS * i] = layout.offset(tensor);
            table[FIELDS * i + 1] = rows;
            table[FIELDS * i + 2] = columns;
            table[FIELDS * i + 3] = Math.toIntExact(scratch);
            long floats = scratchFloats(rows, columns);
            scratch += floats;
            most = Math.max(most, floats);
        }
        bytes = scratch * Float.BYTES;
        mostBytes = most * Float.BYTES;
        fits = mostBytes <= sharedBytes;
    }

    /// What a block computes in: a matrix twice, and two square ones of its shorter side.
    private static long scratchFloats(int rows, int columns) {
        int lesser = Math.ceilDiv(Math.min(rows, columns), TILE) * TILE;
        int greater = Math.ceilDiv(Math.max(rows, columns), TILE) * TILE;
        return 2L * lesser * (lesser + greater);
    }

    int count() {
        return table.length / FIELDS;
    }

    /// Of each its first parameter, rows, columns, and where its scratch begins.
    int[] table() {
        return table;
    }

    /// Of the device's memory, for all blocks together.
    long scratchBytes() {
        return fits ? 0 : bytes;
    }

    /// For each block.
    int sharedBytes() {
        return fits ? Math.toIntExact(mostBytes) : 0;
    }
}
