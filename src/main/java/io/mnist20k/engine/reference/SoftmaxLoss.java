package io.mnist20k.engine.reference;

/// Softmax and cross-entropy with label smoothing, in one.
///
/// @param smoothing share of the target spread evenly over all classes
record SoftmaxLoss(int classes, double smoothing) {
    /// @param logits `[labels.length, classes]`
    /// @return       nats, summed over the samples
    double sum(double[] logits, int[] labels) {
        double loss = 0;
        for (int n = 0; n < labels.length; n++) {
            double logSum = logSumOfExponentials(logits, n);
            for (int k = 0; k < classes; k++) {
                loss -= target(k, labels[n]) * (logits[n * classes + k] - logSum);
            }
        }
        return loss;
    }

    /// @return `[labels.length, classes]`, derivative of the mean over the samples
    double[] gradient(double[] logits, int[] labels) {
        double[] dLogits = new double[logits.length];
        for (int n = 0; n < labels.length; n++) {
            double logSum = logSumOfExponentials(logits, n);
            for (int k = 0; k < classes; k++) {
                double probability = StrictMath.exp(logits[n * classes + k] - logSum);
                dLogits[n * classes + k] = (probability - target(k, labels[n])) / labels.length;
            }
        }
        return dLogits;
    }

    /// How many samples have their label as the first of their largest logits.
    int correct(double[] logits, int[] labels) {
        int correct = 0;
        for (int n = 0; n < labels.length; n++) {
            int best = 0;
            for (int k = 1; k < classes; k++) {
                if (logits[n * classes + k] > logits[n * classes + best]) {
                    best = k;
                }
            }
            correct += best == labels[n] ? 1 : 0;
        }
        return correct;
    }

    private double target(int k, int label) {
        return (k == label ? 1 - smoothing : 0) + smoothing / classes;
    }

    private double logSumOfExponentials(double[] logits, int n) {
        double max = logits[n * classes];
        for (int k = 1; k < classes; k++) {
            max = Math.max(max, logits[n * classes + k]);
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            sum += StrictMath.exp(logits[n * classes + k] - max);
        }
        return max + StrictMath.log(sum);
    }
}
