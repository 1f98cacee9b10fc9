package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.TensorDescriptor;
import io.mnist20k.engine.Region;
import io.mnist20k.network.Shape;

/// What one operation hands to the next, `[samples, channels, height, width]`.
///
/// @param gradient of the loss by the value; has a place only where somebody asks for it
/// @param trained  whether parameters stand before it, so that its gradient is wanted
record Signal(Shape shape, DataType type, Region value, Region gradient, boolean trained) {
    /// As cuDNN calls it.
    TensorDescriptor descriptor(int samples) {
        return new TensorDescriptor(type, samples, shape.channels(), shape.height(), shape.width());
    }
}
