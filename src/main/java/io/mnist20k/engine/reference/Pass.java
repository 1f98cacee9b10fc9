package io.mnist20k.engine.reference;

/// One run of a batch through the network: all that an operation depends on besides its input.
///
/// @param training   whether to use batch statistics and dropout
/// @param samples    in this batch
/// @param parameters of the whole network, in its own order
/// @param statistics of the whole network, in its own order; a training forward pass overwrites them
/// @param seed       with `epoch` and `step`, what the dropout masks are drawn from
record Pass(boolean training, int samples, double[] parameters, double[] statistics, long seed, int epoch, int step) {
    static Pass evaluating(int samples, double[] parameters, double[] statistics) {
        return new Pass(false, samples, parameters, statistics, 0, 0, 0);
    }
}
