package io.mnist20k.engine.cuda;

/// One operation for one number of samples, everything laid out: each method queues what it says and returns.
interface Operation {
    /// Training: value from value.
    void forward();

    /// Evaluation: value from value, by the model to evaluate.
    void infer();

    /// Training, after [#forward]: gradients of parameters and, where it is wanted, of the value that came in.
    void backward();
}
