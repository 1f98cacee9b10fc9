package io.mnist20k.engine.reference;

import io.mnist20k.network.Shape;
import io.mnist20k.random.Philox;
import io.mnist20k.random.Purpose;

/// Zeroes units and scales the kept ones.
///
/// @param layer index of the layer in the network
/// @param unit  how many neighbouring elements share one decision: 1, or the pixels of a channel
record Dropout(double rate, int layer, Shape shape, int unit) implements Operation {
    @Override
    public double[] forward(Pass pass, double[] x) {
        return pass.training() ? masked(pass, x) : x.clone();
    }

    @Override
    public double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters) {
        return masked(pass, dY);
    }

    private double[] masked(Pass pass, double[] values) {
        double[] result = new double[values.length];
        for (int n = 0; n < pass.samples(); n++) {
            boolean[] kept = kept(pass, n);
            for (int i = 0; i < shape.elements(); i++) {
                int index = n * shape.elements() + i;
                result[index] = kept[i / unit] ? values[index] / (1 - rate) : 0;
            }
        }
        return result;
    }

    /// @param n position in the batch
    /// @return  one decision a unit of the sample
    private boolean[] kept(Pass pass, int n) {
        int stream = Philox.stream(Purpose.DROPOUT, layer, pass.epoch());
        long threshold = Math.round(rate * 65536);
        boolean[] kept = new boolean[shape.elements() / unit];
        int[] words = new int[4];
        for (int e = 0; e < kept.length; e++) {
            int h = e % 8;
            if (h == 0) {
                Philox.block(pass.seed(), e / 8, n, pass.step(), stream, words);
            }
            int halfWord = h % 2 == 0 ? words[h / 2] & 0xFFFF : words[h / 2] >>> 16;
            kept[e] = halfWord >= threshold;
        }
        return kept;
    }
}
