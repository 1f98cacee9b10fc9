package io.mnist20k.engine.reference;

import io.mnist20k.recipe.Optimizer;
import java.util.List;

/// One optimiser update. Computes in double and rounds what it stores, so that a state holds everything there is.
///
/// @param number       from 1, over the whole run
/// @param learningRate of this update
record Update(Optimizer optimizer, long number, double learningRate) {
    /// How many numbers an optimiser remembers for each parameter.
    static int slots(Optimizer optimizer) {
        return switch (optimizer) {
            case Optimizer.Sgd _ -> 1;
            case Optimizer.AdamW _ -> 2;
        };
    }

    /// Overwrites parameters and slots.
    ///
    /// @param decayed whether weight decay acts on a parameter
    /// @param slots   momentum (SGD), first and second moment (AdamW)
    void apply(float[] parameters, double[] gradient, boolean[] decayed, List<float[]> slots) {
        switch (optimizer) {
            case Optimizer.Sgd sgd -> sgd(sgd, parameters, gradient, decayed, slots.getFirst());
            case Optimizer.AdamW adamW ->
                adamW(adamW, parameters, gradient, decayed, slots.getFirst(), slots.getLast());
        }
    }

    /// Moves an average towards a value.
    void average(float[] average, float[] value, double decay) {
        double d = Math.min(decay, (1.0 + number) / (10.0 + number));
        for (int i = 0; i < average.length; i++) {
            average[i] = (float) (d * average[i] + (1 - d) * value[i]);
        }
    }

    private void sgd(Optimizer.Sgd sgd, float[] parameters, double[] gradient, boolean[] decayed, float[] momentum) {
        for (int i = 0; i < parameters.length; i++) {
            double p = parameters[i];
            double g = gradient[i] + (decayed[i] ? sgd.weightDecay() * p : 0);
            double v = sgd.momentum() * momentum[i] + g;
            momentum[i] = (float) v;
            parameters[i] = (float) (p - learningRate * (sgd.nesterov() ? g + sgd.momentum() * v : v));
        }
    }

    private void adamW(
            Optimizer.AdamW adamW,
            float[] parameters,
            double[] gradient,
            boolean[] decayed,
            float[] first,
            float[] second) {
        double firstCorrection = 1 - StrictMath.pow(adamW.beta1(), (double) number);
        double secondCorrection = 1 - StrictMath.pow(adamW.beta2(), (double) number);
        for (int i = 0; i < parameters.length; i++) {
            double p = parameters[i];
            p -= decayed[i] ? learningRate * adamW.weightDecay() * p : 0;
            double m = adamW.beta1() * first[i] + (1 - adamW.beta1()) * gradient[i];
            double v = adamW.beta2() * second[i] + (1 - adamW.beta2()) * gradient[i] * gradient[i];
            first[i] = (float) m;
            second[i] = (float) v;
            p -= learningRate * (m / firstCorrection) / (Math.sqrt(v / secondCorrection) + adamW.epsilon());
            parameters[i] = (float) p;
        }
    }
}
