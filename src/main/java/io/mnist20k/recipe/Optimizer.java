package io.mnist20k.recipe;

import static io.mnist20k.recipe.OutOfRangeException.requireBelow;
import static io.mnist20k.recipe.OutOfRangeException.requireWithin;

/// How a gradient changes the parameters; the update formulas are in `docs/OPERATIONS.md`. Weight decay acts on the
/// weights of convolutions and dense layers only, never on biases nor on batch normalisation. Constructors refuse
/// values out of range with an [IllegalArgumentException] naming the key, its value and its range.
public sealed interface Optimizer {
    /// The word for this optimiser in recipes.
    String type();

    /// The peak learning rate, which the schedule scales; 0..100.
    double lr();

    /// 0..10
    double weightDecay();

    /// Stochastic gradient descent with momentum as PyTorch defines it (Sutskever et al., 2013, when `nesterov`).
    ///
    /// @param momentum 0 ≤ m < 1
    record Sgd(double lr, double momentum, boolean nesterov, double weightDecay) implements Optimizer {
        public Sgd {
            requireRates(lr, weightDecay);
            requireBelow("momentum", momentum, 0, 1);
        }

        @Override
        public String type() {
            return "sgd";
        }
    }

    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).
    ///
    /// @param beta1   0 ≤ β < 1
    /// @param beta2   0 ≤ β < 1
    /// @param epsilon 1e-12..1
    record AdamW(double lr, double beta1, double beta2, double epsilon, double weightDecay) implements Optimizer {
        public AdamW {
            requireRates(lr, weightDecay);
            requireBelow("beta1", beta1, 0, 1);
            requireBelow("beta2", beta2, 0, 1);
            requireWithin("epsilon", epsilon, 1e-12, 1);
        }

        @Override
        public String type() {
            return "adamw";
        }
    }

    private static void requireRates(double lr, double weightDecay) {
        requireWithin("lr", lr, 0, 100);
        requireWithin("weight_decay", weightDecay, 0, 10);
    }
}
