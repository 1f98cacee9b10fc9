package io.mnist20k.engine.reference;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;
import java.util.Arrays;

/// y = weight · x + bias; weights `[out, in]`, then the biases.
record Dense(Layer.Dense layer, Shape in, int firstParameter) implements Operation {
    @Override
    public double[] forward(Pass pass, double[] x) {
        int inputs = in.elements();
        double[] y = new double[pass.samples() * layer.out()];
        for (int n = 0; n < pass.samples(); n++) {
            for (int o = 0; o < layer.out(); o++) {
                double sum = layer.bias() ? pass.parameters()[bias(o)] : 0;
                for (int e = 0; e < inputs; e++) {
                    sum += pass.parameters()[firstParameter + o * inputs + e] * x[n * inputs + e];
                }
                y[n * layer.out() + o] = sum;
            }
        }
        return y;
    }

    @Override
    public double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters) {
        int inputs = in.elements();
        Arrays.fill(dParameters, firstParameter, bias(layer.bias() ? layer.out() : 0), 0);
        double[] dX = new double[x.length];
        for (int n = 0; n < pass.samples(); n++) {
            for (int o = 0; o < layer.out(); o++) {
                double dOut = dY[n * layer.out() + o];
                for (int e = 0; e < inputs; e++) {
                    dX[n * inputs + e] += pass.parameters()[firstParameter + o * inputs + e] * dOut;
                    dParameters[firstParameter + o * inputs + e] += x[n * inputs + e] * dOut;
                }
                if (layer.bias()) {
                    dParameters[bias(o)] += dOut;
                }
            }
        }
        return dX;
    }

    /// Index of the bias of one output, right behind the weights.
    private int bias(int output) {
        return firstParameter + layer.out() * in.elements() + output;
    }
}
