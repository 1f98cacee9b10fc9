package io.mnist20k.engine.cpu;

import io.mnist20k.network.Shape;

/// What a correlation still does to its outputs before it writes them, in an evaluation.
///
/// @param relu  whether the outputs go through a ReLU
/// @param pools whether of each window of 2×2 outputs only the largest is written
record Epilogue(boolean relu, boolean pools) {
    static final Epilogue NONE = new Epilogue(false, false);

    /// Outputs on a side of a window.
    static final int SIDE = 2;

    /// Outputs to a side of what is written.
    int side() {
        return pools ? SIDE : 1;
    }

    /// The outputs that something is made of; pooling leaves out an odd last row or column.
    Shape over(Shape written) {
        return new Shape(written.channels(), written.height() * side(), written.width() * side());
    }

    /// What stands in the place of smaller outputs.
    float least() {
        return relu ? 0 : Float.NEGATIVE_INFINITY;
    }
}
