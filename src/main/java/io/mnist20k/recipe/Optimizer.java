package io.mnist20k.recipe;

/// How a gradient changes the parameters; the update formulas are in `docs/OPERATIONS.md`. Weight decay acts on the weights
/// of convolutions and dense layers only, never on biases nor on batch normalisation.
public sealed interface Optimizer {
    /// The peak learning rate, which the schedule scales.
    double lr();

    double weightDecay();

    /// Stochastic gradient descent with momentum as PyTorch defines it (Sutskever et al., 2013, when `nesterov`).
    record Sgd(double lr, double momentum, boolean nesterov, double weightDecay) implements Optimizer {}

    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).
    record AdamW(double lr, double beta1, double beta2, double epsilon, double weightDecay) implements Optimizer {}
}
