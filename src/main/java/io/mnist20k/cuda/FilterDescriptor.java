package io.mnist20k.cuda;

/// The shape, element type and layout of a convolution's weights, for cuDNN.
public final class FilterDescriptor extends NativeObject {
    private final String words;

    /// Weights `[outputs, inputs, height, width]`.
    public FilterDescriptor(TensorFormat format, DataType type, int outputs, int inputs, int height, int width) {
        super("filter descriptor", CudnnConvolution::createFilterDescriptor, CudnnConvolution::destroyFilterDescriptor);
        this.words = "[" + outputs + ", " + inputs + ", " + height + ", " + width + "] " + type + " " + format;
        configure(() -> CudnnConvolution.setFilter4dDescriptor(
                handle(), type.cudnn(), format.value(), outputs, inputs, height, width));
    }

    @Override
    public String toString() {
        return words;
    }
}
