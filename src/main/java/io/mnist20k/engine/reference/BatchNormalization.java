package io.mnist20k.engine.reference;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;

/// Scales `[channels]` then shifts `[channels]` among the parameters; running means then running variances among the
/// statistics.
record BatchNormalization(Layer.BatchNorm layer, Shape shape, int firstParameter, int firstStatistic)
        implements Operation {
    @Override
    public double[] forward(Pass pass, double[] x) {
        double[] y = new double[x.length];
        for (int c = 0; c < shape.channels(); c++) {
            Moments moments = pass.training() ? Moments.of(x, shape, c) : running(pass.statistics(), c);
            double scale = pass.parameters()[scale(c)];
            double shift = pass.parameters()[shift(c)];
            for (int n = 0; n < pass.samples(); n++) {
                int from = (n * shape.channels() + c) * shape.pixels();
                for (int i = from; i < from + shape.pixels(); i++) {
                    y[i] = scale * normalized(x[i], moments) + shift;
                }
            }
            if (pass.training()) {
                remember(moments, pass.statistics(), c);
            }
        }
        return y;
    }

    @Override
    public double[] backward(Pass pass, double[] x, double[] dY, double[] dParameters) {
        double[] dX = new double[x.length];
        for (int c = 0; c < shape.channels(); c++) {
            Moments moments = Moments.of(x, shape, c);
            double dScale = 0;
            double dShift = 0;
            for (int n = 0; n < pass.samples(); n++) {
                int from = (n * shape.channels() + c) * shape.pixels();
                for (int i = from; i < from + shape.pixels(); i++) {
                    dScale += dY[i] * normalized(x[i], moments);
                    dShift += dY[i];
                }
            }
            dParameters[scale(c)] = dScale;
            dParameters[shift(c)] = dShift;
            double factor = pass.parameters()[scale(c)] / Math.sqrt(moments.variance + layer.epsilon());
            for (int n = 0; n < pass.samples(); n++) {
                int from = (n * shape.channels() + c) * shape.pixels();
                for (int i = from; i < from + shape.pixels(); i++) {
                    dX[i] = factor
                            * (dY[i] - dShift / moments.count - normalized(x[i], moments) * dScale / moments.count);
                }
            }
        }
        return dX;
    }

    /// @param variance biased
    private record Moments(int count, double mean, double variance) {
        static Moments of(double[] x, Shape shape, int channel) {
            int samples = x.length / shape.elements();
            int count = samples * shape.pixels();
            double sum = 0;
            for (int n = 0; n < samples; n++) {
                int from = (n * shape.channels() + channel) * shape.pixels();
                for (int i = from; i < from + shape.pixels(); i++) {
                    sum += x[i];
                }
            }
            double mean = sum / count;
            double squares = 0;
            for (int n = 0; n < samples; n++) {
                int from = (n * shape.channels() + channel) * shape.pixels();
                for (int i = from; i < from + shape.pixels(); i++) {
                    squares += (x[i] - mean) * (x[i] - mean);
                }
            }
            return new Moments(count, mean, squares / count);
        }
    }

    private double normalized(double x, Moments moments) {
        return (x - moments.mean) / Math.sqrt(moments.variance + layer.epsilon());
    }

    private Moments running(double[] statistics, int channel) {
        return new Moments(1, statistics[runningMean(channel)], statistics[runningVariance(channel)]);
    }

    private void remember(Moments moments, double[] statistics, int channel) {
        double unbiased =
                moments.count == 1 ? moments.variance : moments.variance * moments.count / (moments.count - 1);
        double m = layer.momentum();
        int mean = runningMean(channel);
        int variance = runningVariance(channel);
        statistics[mean] = (1 - m) * statistics[mean] + m * moments.mean;
        statistics[variance] = (1 - m) * statistics[variance] + m * unbiased;
    }

    private int scale(int channel) {
        return firstParameter + channel;
    }

    private int shift(int channel) {
        return firstParameter + shape.channels() + channel;
    }

    private int runningMean(int channel) {
        return firstStatistic + channel;
    }

    private int runningVariance(int channel) {
        return firstStatistic + shape.channels() + channel;
    }
}
