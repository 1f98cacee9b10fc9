package io.mnist20k.engine.reference;

import io.mnist20k.recipe.Optimizer.Muon;

/// Brings the singular values of a matrix near 1, by matrix products alone; formulas in `docs/OPERATIONS.md`.
final class NewtonSchulz {
    private NewtonSchulz() {}

    /// @param matrix `[rows][columns]`
    /// @return       of the same shape; what was 0.0016 of its norm or more is between 0.68 and 1.21
    static double[] orthogonal(double[] matrix, int rows, int columns) {
        double norm = Math.max(Math.sqrt(dot(matrix, matrix)), Muon.LEAST_NORM);
        double[] x = new double[matrix.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = matrix[i] / norm;
        }
        for (int iteration = 0; iteration < Muon.ITERATIONS; iteration++) {
            double[] gram = product(x, transposed(x, rows, columns), rows, columns, rows);
            double[] square = product(gram, gram, rows, rows, rows);
            double[] odd = new double[gram.length];
            for (int i = 0; i < odd.length; i++) {
                odd[i] = Muon.CUBIC * gram[i] + Muon.QUINTIC * square[i];
            }
            double[] rest = product(odd, x, rows, rows, columns);
            for (int i = 0; i < x.length; i++) {
                x[i] = Muon.LINEAR * x[i] + rest[i];
            }
        }
        return x;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[] transposed(double[] matrix, int rows, int columns) {
        double[] transposed = new double[matrix.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                transposed[j * rows + i] = matrix[i * columns + j];
            }
        }
        return transposed;
    }

    /// `[n][k] · [k][m]`
    private static double[] product(double[] a, double[] b, int n, int k, int m) {
        double[] product = new double[n * m];
        for (int i = 0; i < n; i++) {
            for (int l = 0; l < k; l++) {
                for (int j = 0; j < m; j++) {
                    product[i * m + j] += a[i * k + l] * b[l * m + j];
                }
            }
        }
        return product;
    }
}
