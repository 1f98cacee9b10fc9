package io.mnist20k.engine.reference;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;
import java.util.Arrays;

/// Cross-correlation with zeros outside; weights `[out, in, kernel, kernel]`, then the biases.
record Convolution(Layer.Conv layer, Shape in, Shape out, int firstParameter) implements Operation {
    @Override
    public double[] forward(Pass pass, double[] x) {
        double[] y = new double[pass.samples() * out.elements()];
        if (layer.bias()) {
            for (int plane = 0; plane < pass.samples() * out.channels(); plane++) {
                int from = plane * out.pixels();
                Arrays.fill(y, from, from + out.pixels(), pass.parameters()[bias(plane % out.channels())]);
            }
        }
        int stride = layer.stride();
        forEachRow(pass.samples(), (weight, xFrom, yFrom, length) -> {
            double w = pass.parameters()[weight];
            for (int j = 0; j < length; j++) {
                y[yFrom + j] += w * x[xFrom + j * stride];
            }
        });
        return y;
    }

    @Override
    public double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters) {
        Arrays.fill(dParameters, firstParameter, bias(layer.bias() ? out.channels() : 0), 0);
        if (layer.bias()) {
            for (int i = 0; i < dY.length; i++) {
                dParameters[bias(i / out.pixels() % out.channels())] += dY[i];
            }
        }
        double[] dX = new double[x.length];
        int stride = layer.stride();
        forEachRow(pass.samples(), (weight, xFrom, yFrom, length) -> {
            double w = pass.parameters()[weight];
            double dW = 0;
            for (int j = 0; j < length; j++) {
                dX[xFrom + j * stride] += w * dY[yFrom + j];
                dW += x[xFrom + j * stride] * dY[yFrom + j];
            }
            dParameters[weight] += dW;
        });
        return dX;
    }

    /// Index of the bias of one output channel, right behind the weights.
    private int bias(int channel) {
        return firstParameter + out.channels() * in.channels() * layer.kernel() * layer.kernel() + channel;
    }

    /// A run of products in one row: the weight meets `x[xFrom + j * stride]` and `y[yFrom + j]`, j in `0 ..< length`.
    @FunctionalInterface
    private interface RowVisitor {
        void visit(int weight, int xFrom, int yFrom, int length);
    }

    /// Visits every product of the convolution once; products with the padding are left out.
    private void forEachRow(int samples, RowVisitor visitor) {
        int kernel = layer.kernel();
        for (int n = 0; n < samples; n++) {
            for (int o = 0; o < out.channels(); o++) {
                for (int c = 0; c < in.channels(); c++) {
                    for (int u = 0; u < kernel; u++) {
                        for (int v = 0; v < kernel; v++) {
                            int weight = firstParameter + ((o * in.channels() + c) * kernel + u) * kernel + v;
                            int xPlane = (n * in.channels() + c) * in.pixels();
                            int yPlane = (n * out.channels() + o) * out.pixels();
                            int left = firstInside(v);
                            int length = endInside(v, in.width(), out.width()) - left;
                            for (int i = firstInside(u); i < endInside(u, in.height(), out.height()); i++) {
                                int row = i * layer.stride() + u - layer.padding();
                                int column = left * layer.stride() + v - layer.padding();
                                visitor.visit(
                                        weight,
                                        xPlane + row * in.width() + column,
                                        yPlane + i * out.width() + left,
                                        length);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The first output position for which the kernel's row or column `tap` is not before the input.
    private int firstInside(int tap) {
        return Math.ceilDiv(Math.max(0, layer.padding() - tap), layer.stride());
    }

    /// One past the last output position for which the kernel's row or column `tap` is not behind the input.
    private int endInside(int tap, int inSize, int outSize) {
        return Math.min(outSize, Math.floorDiv(inSize - 1 + layer.padding() - tap, layer.stride()) + 1);
    }
}
