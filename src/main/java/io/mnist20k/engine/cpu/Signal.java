package io.mnist20k.engine.cpu;

import io.mnist20k.network.Shape;

/// What flows between two nodes: the values forward, the gradient of the loss with respect to them backward.
record Signal(Planes value, Planes gradient) {
    Shape shape() {
        return value.shape;
    }
}
