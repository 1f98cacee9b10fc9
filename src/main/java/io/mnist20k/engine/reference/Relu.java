package io.mnist20k.engine.reference;

/// max(x, 0).
record Relu() implements Operation {
    @Override
    public double[] forward(Pass pass, double[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = Math.max(x[i], 0);
        }
        return y;
    }

    @Override
    public double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters) {
        double[] dX = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            dX[i] = x[i] > 0 ? dY[i] : 0;
        }
        return dX;
    }
}
