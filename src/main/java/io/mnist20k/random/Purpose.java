package io.mnist20k.random;

/// What a random number is for; numbers of different purposes never share a counter. The ordinal is part of the
/// stream's definition: new purposes go to the end.
public enum Purpose {
    /// Initial weights: layer = index of the layer in the network, element = index in its weight tensor.
    WEIGHTS,
    /// Order of the training samples within an epoch.
    ORDER,
    /// Which training images are held out for validation.
    SPLIT,
    /// Distortion of a training image: sample = position in the batch.
    AUGMENTATION,
    /// Dropped elements: layer = index of the layer in the network, sample = position in the batch.
    DROPOUT,
    /// Which of all images are trained on and which are judged by, where a run draws them anew.
    REDRAW,
    /// Which points of a search space are tried.
    SEARCH
}
