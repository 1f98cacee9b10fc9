package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;

import io.mnist20k.recipe.Optimizer.Muon;
import jdk.incubator.vector.FloatVector;

/// Brings the singular values of a matrix near 1, by matrix products alone; formulas in `docs/OPERATIONS.md`.
///
/// One that is at least twice as high as wide is laid on its side, where it comes to the same by smaller products.
/// Matrices are padded with zeros, rows to whole vectors, their number to whole tiles of 4, so that one kernel
/// without remainders does all products: 4 rows of a vector each in registers, their sums taken in order.
final class NewtonSchulz {
    private static final int TILE = 4;

    private final boolean lying;
    private final int rows;
    private final int columns;

    /// Floats from a row of the matrix to the next, and from one of the products of its rows.
    private final int line;

    private final int gramLine;

    private final float[] x;
    private final float[] transposed;
    private final float[] gram;
    private final float[] square;
    private final float[] product;

    NewtonSchulz(int height, int width) {
        lying = height >= 2 * width;
        rows = lying ? width : height;
        columns = lying ? height : width;
        line = Math.ceilDiv(columns, COUNT) * COUNT;
        gramLine = Math.ceilDiv(rows, COUNT) * COUNT;
        int paddedRows = Math.ceilDiv(rows, TILE) * TILE;
        x = new float[paddedRows * line];
        transposed = new float[columns * gramLine];
        gram = new float[paddedRows * gramLine];
        square = new float[paddedRows * gramLine];
        product = new float[paddedRows * line];
    }

    int longerSide() {
        return Math.max(rows, columns);
    }

    /// Multiply-adds of an iteration.
    long cost() {
        return (long) rows * rows * (2L * columns + rows);
    }

    /// @param matrix `[height][width]` from `at` on; overwritten by its result
    void run(float[] matrix, int at) {
        double norm = Math.max(norm(matrix, at), Muon.LEAST_NORM);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                x[i * line + j] = (float) (matrix[at + place(i, j)] / norm);
            }
        }
        for (int iteration = 0; iteration < Muon.ITERATIONS; iteration++) {
            iterate();
        }
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                matrix[at + place(i, j)] = x[i * line + j];
            }
        }
    }

    private int place(int row, int column) {
        return lying ? column * rows + row : row * columns + column;
    }

    private double norm(float[] matrix, int at) {
        double squares = 0;
        for (int i = at; i < at + rows * columns; i++) {
            squares += (double) matrix[i] * matrix[i];
        }
        return Math.sqrt(squares);
    }

    private void iterate() {
        transpose();
        multiply(x, line, columns, transposed, gramLine, gram);
        multiply(gram, gramLine, rows, gram, gramLine, square);
        combine((float) Muon.CUBIC, gram, (float) Muon.QUINTIC, square);
        multiply(gram, gramLine, rows, x, line, product);
        combine((float) Muon.LINEAR, x, 1, product);
    }

    private void transpose() {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                transposed[j * gramLine + i] = x[i * line + j];
            }
        }
    }

    /// a ← α a + β b
    private static void combine(float alpha, float[] a, float beta, float[] b) {
        for (int i = 0; i < a.length; i++) {
            a[i] = alpha * a[i] + beta * b[i];
        }
    }

    /// c ← a · b, all rows padded.
    ///
    /// @param terms of a sum: columns of `a`, rows of `b`
    private static void multiply(float[] a, int aLine, int terms, float[] b, int line, float[] c) {
        for (int row = 0; row < c.length; row += TILE * line) {
            int from = row / line * aLine;
            for (int column = 0; column < line; column += COUNT) {
                tile(a, from, aLine, terms, b, column, line, c, row + column);
            }
        }
    }

    private static void tile(
            float[] a, int from, int aLine, int terms, float[] b, int column, int line, float[] c, int to) {
        FloatVector sum0 = FloatVector.zero(SPECIES);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        for (int i = from; i < from + terms; i++, column += line) {
            FloatVector v = FloatVector.fromArray(SPECIES, b, column);
            sum0 = fma(FloatVector.broadcast(SPECIES, a[i]), v, sum0);
            sum1 = fma(FloatVector.broadcast(SPECIES, a[i + aLine]), v, sum1);
            sum2 = fma(FloatVector.broadcast(SPECIES, a[i + 2 * aLine]), v, sum2);
            sum3 = fma(FloatVector.broadcast(SPECIES, a[i + 3 * aLine]), v, sum3);
        }
        sum0.intoArray(c, to);
        sum1.intoArray(c, to + line);
        sum2.intoArray(c, to + 2 * line);
        sum3.intoArray(c, to + 3 * line);
    }
}
