package io.mnist20k.engine.cpu;

/// The numbers the nodes compute with at the moment: the current model's in training, the averaged one's in
/// evaluation.
final class Weights {
    float[] parameters;
    float[] statistics;

    Weights(float[] parameters, float[] statistics) {
        this.parameters = parameters;
        this.statistics = statistics;
    }
}
