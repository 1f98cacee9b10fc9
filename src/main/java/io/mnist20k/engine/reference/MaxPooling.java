package io.mnist20k.engine.reference;

import io.mnist20k.network.Shape;

/// The first maximum of each window. Global pooling is one window over the whole channel.
record MaxPooling(int height, int width, int stride, Shape in, Shape out) implements Operation {
    @Override
    public double[] forward(Pass pass, double[] x) {
        double[] y = new double[pass.samples() * out.elements()];
        for (int i = 0; i < y.length; i++) {
            y[i] = x[firstMaximum(x, i)];
        }
        return y;
    }

    @Override
    public double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters) {
        double[] dX = new double[x.length];
        for (int i = 0; i < dY.length; i++) {
            dX[firstMaximum(x, i)] += dY[i];
        }
        return dX;
    }

    /// Index into `x` of what output element `i` of the batch takes.
    private int firstMaximum(double[] x, int i) {
        int corner = corner(i);
        int best = corner;
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                int candidate = corner + row * in.width() + column;
                if (x[candidate] > x[best]) {
                    best = candidate;
                }
            }
        }
        return best;
    }

    /// Index into the input of the first element of the window of output element `i` of the batch.
    int corner(int i) {
        int plane = i / out.pixels();
        int row = i % out.pixels() / out.width();
        int column = i % out.width();
        return plane * in.pixels() + row * stride * in.width() + column * stride;
    }
}
