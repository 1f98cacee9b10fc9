package io.mnist20k.engine.cpu;

/// The numbers of a model.
record Weights(float[] parameters, float[] statistics) {}
