package io.mnist20k.recipe;

import static io.mnist20k.recipe.OutOfRangeException.requireBelow;
import static io.mnist20k.recipe.OutOfRangeException.requireWithin;

import io.mnist20k.network.Tensor;

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

    /// How many numbers it remembers for each parameter.
    int slots();

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

        @Override
        public int slots() {
            return 1;
        }
    }

    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).
    ///
    /// @param beta1   0..[#MOST_BETA]
    /// @param beta2   0..[#MOST_BETA]
    /// @param epsilon 1e-12..1
    record AdamW(double lr, double beta1, double beta2, double epsilon, double weightDecay) implements Optimizer {
        /// A memory of 100,000 steps. Nearer to 1, single precision would not know how far from it.
        public static final double MOST_BETA = 0.99999;

        public AdamW {
            requireRates(lr, weightDecay);
            requireWithin("beta1", beta1, 0, MOST_BETA);
            requireWithin("beta2", beta2, 0, MOST_BETA);
            requireWithin("epsilon", epsilon, 1e-12, 1);
        }

        @Override
        public String type() {
            return "adamw";
        }

        @Override
        public int slots() {
            return 2;
        }
    }

    /// Momentum whose singular values are all brought near 1 before they are subtracted: for the weights of
    /// convolutions, each a matrix with a row an output channel. Everything else learns by AdamW. Scaled so that a
    /// learning rate means for both about the same (Jordan et al., 2024; Liu et al., 2025).
    ///
    /// @param momentum 0 ≤ m < 1, of the matrices
    /// @param rest     of the other parameters; learning rate and weight decay are those of the matrices too
    record Muon(double momentum, AdamW rest) implements Optimizer {
        /// Of a recipe that says nothing else.
        public static final double MOMENTUM = 0.95;

        /// Iterations of Newton and Schulz.
        public static final int ITERATIONS = 5;

        /// Coefficients of x, x³ and x⁵ in each.
        public static final double LINEAR = 3.4445;

        public static final double CUBIC = -4.7750;
        public static final double QUINTIC = 2.0315;

        /// What a matrix is divided by at least before the first.
        public static final double LEAST_NORM = 1e-12;

        /// Root mean square of an update's elements at a learning rate of 1, as is usual for AdamW.
        public static final double SIZE = 0.2;

        public Muon {
            requireBelow("momentum", momentum, 0, 1);
        }

        @Override
        public String type() {
            return "muon";
        }

        @Override
        public double lr() {
            return rest.lr();
        }

        @Override
        public double weightDecay() {
            return rest.weightDecay();
        }

        @Override
        public int slots() {
            return 2;
        }

        /// Whether a parameter is a matrix to it, of as many rows as its first dimension says.
        public static boolean isMatrix(Tensor parameter) {
            return parameter.shape().size() == Tensor.CONVOLUTION_RANK;
        }
    }

    private static void requireRates(double lr, double weightDecay) {
        requireWithin("lr", lr, 0, 100);
        requireWithin("weight_decay", weightDecay, 0, 10);
    }
}
