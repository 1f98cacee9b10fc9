package io.mnist20k.cuda;

/// The shape and element type of a convolution's weights, for cuDNN.
public final class FilterDescriptor extends NativeObject {
    private final String words;

    /// Weights `[outputs, inputs, height, width]`, the column the fastest index.
    public FilterDescriptor(DataType type, int outputs, int inputs, int height, int width) {
        super("filter descriptor", CudnnConvolution::createFilterDescriptor, CudnnConvolution::destroyFilterDescriptor);
        this.words = "[" + outputs + ", " + inputs + ", " + height + ", " + width + "] " + type;
        configure(() -> CudnnConvolution.setFilter4dDescriptor(handle(), type.cudnn(), outputs, inputs, height, width));
    }

    @Override
    public String toString() {
        return words;
    }
}
