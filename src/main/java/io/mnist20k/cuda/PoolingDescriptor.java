package io.mnist20k.cuda;

/// A pooling window and how it is moved, without padding.
public final class PoolingDescriptor extends NativeObject {
    private final String words;

    /// @param stride in both directions
    public PoolingDescriptor(PoolingMode mode, int windowHeight, int windowWidth, int stride) {
        super("pooling descriptor", CudnnPooling::createPoolingDescriptor, CudnnPooling::destroyPoolingDescriptor);
        this.words = mode + " " + windowHeight + "x" + windowWidth + ", stride " + stride;
        configure(() -> CudnnPooling.setPooling2dDescriptor(handle(), mode.value(), windowHeight, windowWidth, stride));
    }

    @Override
    public String toString() {
        return words;
    }
}
