package io.mnist20k.engine;

import io.mnist20k.data.Dataset;

/// How a model did on a dataset.
///
/// @param count     images
/// @param correct   images whose label had the largest score (the first of equal ones)
/// @param loss      mean cross-entropy, nats, without label smoothing
/// @param confusion `[truth][prediction]` counts
public record Evaluation(int count, int correct, double loss, int[][] confusion) {
    /// @param logits `[count, classes]`
    /// @throws IllegalArgumentException where they are not as many
    public static Evaluation of(Dataset dataset, float[] logits) {
        int classes = dataset.classes();
        if (logits.length != dataset.count() * classes) {
            throw new IllegalArgumentException(
                    logits.length + " logits for " + dataset.count() + " images of " + classes + " classes");
        }
        int[][] confusion = new int[classes][classes];
        int correct = 0;
        double loss = 0;
        for (int i = 0; i < dataset.count(); i++) {
            int label = dataset.labels()[i];
            int predicted = argMax(logits, i * classes, classes);
            double max = logits[i * classes + predicted];
            double sum = 0;
            for (int k = 0; k < classes; k++) {
                sum += Math.exp(logits[i * classes + k] - max);
            }
            loss += Math.log(sum) + max - logits[i * classes + label];
            confusion[label][predicted]++;
            correct += predicted == label ? 1 : 0;
        }
        return new Evaluation(dataset.count(), correct, loss / dataset.count(), confusion);
    }

    /// Share of correct answers, 0..1.
    public double accuracy() {
        return (double) correct / count;
    }

    public int errors() {
        return count - correct;
    }

    /// Of each class, 0..1: the softmax of its scores.
    ///
    /// @param logits of `classes` classes from `from` on
    public static double[] probabilities(float[] logits, int from, int classes) {
        double max = logits[from + argMax(logits, from, classes)];
        double[] probabilities = new double[classes];
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            probabilities[k] = Math.exp(logits[from + k] - max);
            sum += probabilities[k];
        }
        for (int k = 0; k < classes; k++) {
            probabilities[k] /= sum;
        }
        return probabilities;
    }

    /// Index, counted from `from`, of the first largest of `length` values.
    public static int argMax(float[] values, int from, int length) {
        int best = 0;
        for (int k = 1; k < length; k++) {
            if (values[from + k] > values[from + best]) {
                best = k;
            }
        }
        return best;
    }
}
