package io.mnist20k.engine.reference;

import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer;
import java.util.List;

/// One optimiser update. Computes in double and rounds what it stores, so that a state holds everything there is.
///
/// @param number       from 1, over the whole run
/// @param learningRate of this update
record Update(Optimizer optimizer, long number, double learningRate) {
    /// Overwrites parameters and slots.
    ///
    /// @param tensors of which the parameters are
    /// @param slots   as [SessionState#slots]
    void apply(List<Tensor> tensors, float[] parameters, double[] gradient, List<float[]> slots) {
        for (Tensor tensor : tensors) {
            switch (optimizer) {
                case Optimizer.Sgd sgd -> sgd(sgd, parameters, gradient, slots.getFirst(), tensor);
                case Optimizer.AdamW adamW -> adamW(adamW, parameters, gradient, slots, tensor);
                case Optimizer.Muon muon
                when Optimizer.Muon.isMatrix(tensor) -> muon(muon, parameters, gradient, slots.getFirst(), tensor);
                case Optimizer.Muon muon -> adamW(muon.rest(), parameters, gradient, slots, tensor);
            }
        }
    }

    /// Moves an average towards a value.
    void average(float[] average, float[] value, double decay) {
        double d = Math.min(decay, (1.0 + number) / (10.0 + number));
        for (int i = 0; i < average.length; i++) {
            average[i] = (float) (d * average[i] + (1 - d) * value[i]);
        }
    }

    private void sgd(Optimizer.Sgd sgd, float[] parameters, double[] gradient, float[] momentum, Tensor tensor) {
        double decay = decay(tensor);
        for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
            double p = parameters[i];
            double g = gradient[i] + decay * p;
            double v = sgd.momentum() * momentum[i] + g;
            momentum[i] = (float) v;
            parameters[i] = (float) (p - learningRate * (sgd.nesterov() ? g + sgd.momentum() * v : v));
        }
    }

    private void adamW(
            Optimizer.AdamW adamW, float[] parameters, double[] gradient, List<float[]> slots, Tensor tensor) {
        float[] first = slots.getFirst();
        float[] second = slots.getLast();
        double decay = decay(tensor);
        double firstCorrection = 1 - StrictMath.pow(adamW.beta1(), (double) number);
        double secondCorrection = 1 - StrictMath.pow(adamW.beta2(), (double) number);
        for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
            double p = parameters[i];
            p -= learningRate * decay * p;
            double m = adamW.beta1() * first[i] + (1 - adamW.beta1()) * gradient[i];
            double v = adamW.beta2() * second[i] + (1 - adamW.beta2()) * gradient[i] * gradient[i];
            first[i] = (float) m;
            second[i] = (float) v;
            p -= learningRate * (m / firstCorrection) / (Math.sqrt(v / secondCorrection) + adamW.epsilon());
            parameters[i] = (float) p;
        }
    }

    private void muon(Optimizer.Muon muon, float[] parameters, double[] gradient, float[] momentum, Tensor matrix) {
        int from = matrix.offset();
        int rows = matrix.shape().getFirst();
        double[] direction = new double[matrix.elements()];
        for (int i = 0; i < direction.length; i++) {
            double g = (1 - muon.momentum()) * gradient[from + i];
            double v = muon.momentum() * momentum[from + i] + g;
            momentum[from + i] = (float) v;
            direction[i] = muon.momentum() * v + g;
        }
        double[] update = NewtonSchulz.orthogonal(direction, rows, direction.length / rows);
        double decay = decay(matrix);
        double scale = Optimizer.Muon.SIZE * Math.sqrt(Math.max(rows, direction.length / rows));
        for (int i = 0; i < direction.length; i++) {
            double p = parameters[from + i];
            p -= learningRate * decay * p;
            parameters[from + i] = (float) (p - learningRate * scale * update[i]);
        }
    }

    /// Of weights alone, which have more than one dimension.
    private double decay(Tensor tensor) {
        return tensor.shape().size() > 1 ? optimizer.weightDecay() : 0;
    }
}
