package io.mnist20k.engine.reference;

import io.mnist20k.network.Shape;

/// Mean of each channel.
record GlobalAveragePooling(Shape in) implements Operation {
    @Override
    public double[] forward(Pass pass, double[] x) {
        double[] y = new double[pass.samples() * in.channels()];
        for (int i = 0; i < x.length; i++) {
            y[i / in.pixels()] += x[i] / in.pixels();
        }
        return y;
    }

    @Override
    public double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters) {
        double[] dX = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            dX[i] = dY[i / in.pixels()] / in.pixels();
        }
        return dX;
    }
}
