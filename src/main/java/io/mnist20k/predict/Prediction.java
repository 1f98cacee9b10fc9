package io.mnist20k.predict;

import io.mnist20k.UserError;
import io.mnist20k.engine.Evaluation;

/// A model's answer to one image.
///
/// @param digit         the class with the largest score, the first of equal ones
/// @param probabilities of each class, 0..1, the softmax of the scores
public record Prediction(int digit, double[] probabilities) {
    /// @param logits `[count, classes]`, row-major
    /// @throws UserError where a score is no number
    static Prediction of(float[] logits, int index, int classes) {
        int from = index * classes;
        for (int k = from; k < from + classes; k++) {
            if (!Float.isFinite(logits[k])) {
                throw new UserError("predicting: the model's score for a class is " + logits[k]
                        + ", since its numbers are too large; train it again");
            }
        }
        int digit = Evaluation.argMax(logits, from, classes);
        return new Prediction(digit, Evaluation.probabilities(logits, from, classes));
    }

    /// Of the digit.
    public double probability() {
        return probabilities[digit];
    }

    /// The second likeliest, the first of equal ones.
    public int next() {
        int next = digit == 0 ? 1 : 0;
        for (int k = next + 1; k < probabilities.length; k++) {
            if (k != digit && probabilities[k] > probabilities[next]) {
                next = k;
            }
        }
        return next;
    }
}
