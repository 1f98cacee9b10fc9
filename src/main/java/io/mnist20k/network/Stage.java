package io.mnist20k.network;

/// A layer in its place: name, shapes and cost.
///
/// @param index          position in the network, from 0
/// @param name           type and running number, `conv1`, `batchnorm1`, `conv2` …
/// @param parameters     trainable numbers
/// @param multiplyAdds   of one sample, forward; convolutions and dense layers only, as the field counts
/// @param receptiveField side, in input pixels, of the square that one output element sees (unclipped)
public record Stage(
        int index,
        String name,
        Layer layer,
        Shape in,
        Shape out,
        int parameters,
        long multiplyAdds,
        int receptiveField) {}
