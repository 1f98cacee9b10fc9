package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.ConvolutionAlgorithm;
import io.mnist20k.cuda.ConvolutionDescriptor;
import io.mnist20k.cuda.ConvolutionPass;
import io.mnist20k.cuda.CudnnAlgorithms;
import io.mnist20k.cuda.CudnnConvolution;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.FilterDescriptor;
import io.mnist20k.cuda.MathType;
import io.mnist20k.cuda.Owner;
import io.mnist20k.cuda.TensorDescriptor;
import io.mnist20k.engine.Region;
import io.mnist20k.network.Layer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A convolution by cuDNN, each of its three passes by an algorithm of its own.
final class Convolution implements Operation {
    /// In each pass the number of the algorithm that every GPU has and that gives the same bits every time: implicit
    /// precomputed matrix product forward, algorithm 1 backward.
    private static final int EVERYWHERE = 1;

    private final Device device;
    private final Signal in;
    private final Signal out;
    private final DeviceState.Place weight;
    private final @Nullable Bias bias;
    private final TensorDescriptor x;
    private final TensorDescriptor y;
    private final FilterDescriptor w;
    private final String words;
    private final Pass forward;
    private final @Nullable Pass backwardData;
    private final Pass backwardFilter;

    /// What one pass is done with.
    private record Pass(ConvolutionDescriptor descriptor, int algorithm) {}

    /// @param owner of the descriptors
    Convolution(
            Device device,
            Owner owner,
            Layer.Conv layer,
            Signal in,
            Signal out,
            DeviceState.Place weight,
            @Nullable Bias bias,
            int samples) {
        this.device = device;
        this.in = in;
        this.out = out;
        this.weight = weight;
        this.bias = bias;
        x = owner.own(in.descriptor(samples));
        y = owner.own(out.descriptor(samples));
        w = owner.own(
                new FilterDescriptor(in.type(), layer.out(), in.shape().channels(), layer.kernel(), layer.kernel()));
        words = "%s, %s images of %s, kernel %s, stride %s, padding %s, to %s"
                .formatted(
                        device.precision().type(),
                        samples,
                        in.shape(),
                        layer.kernel(),
                        layer.stride(),
                        layer.padding(),
                        out.shape());
        forward = pass(ConvolutionPass.FORWARD, layer, owner);
        backwardData = in.trained() ? pass(ConvolutionPass.BACKWARD_DATA, layer, owner) : null;
        backwardFilter = pass(ConvolutionPass.BACKWARD_FILTER, layer, owner);
    }

    private Pass pass(ConvolutionPass pass, Layer.Conv layer, Owner owner) {
        var descriptor = owner.own(new ConvolutionDescriptor(layer.padding(), layer.stride(), device.mathType()));
        ConvolutionAlgorithm algorithm = device.algorithms()
                .choose(
                        pass.name() + ", " + words,
                        offered -> fits(offered.mathType()),
                        () -> measured(pass, descriptor),
                        () -> CudnnAlgorithms.guessed(pass, device.cudnn(), x, w, descriptor, y))
                .orElseGet(() -> everywhere(pass, descriptor));
        // Run with another math type than it was measured with, an algorithm is another one.
        descriptor.mathType(algorithm.mathType());
        device.workspace.require(algorithm.workspaceBytes());
        return new Pass(descriptor, algorithm.number());
    }

    /// Whether an algorithm keeps to the precision that was asked for.
    private boolean fits(MathType offered) {
        return device.mathType() == MathType.FMA
                ? offered == MathType.FMA
                : offered != MathType.TENSOR_OP_ALLOW_CONVERSION;
    }

    private List<ConvolutionAlgorithm> measured(ConvolutionPass pass, ConvolutionDescriptor descriptor) {
        boolean back = pass != ConvolutionPass.FORWARD;
        Region xData = pass == ConvolutionPass.BACKWARD_DATA ? in.gradient() : in.value();
        long wData = pass == ConvolutionPass.BACKWARD_FILTER ? weight.gradient() : weight.current();
        Region yData = back ? out.gradient() : out.value();
        try (var workspace = new DeviceBuffer(device.gpu, Algorithms.MOST_WORKSPACE_BYTES)) {
            return CudnnAlgorithms.measured(
                    pass,
                    device.cudnn(),
                    x,
                    xData.address(),
                    w,
                    wData,
                    descriptor,
                    y,
                    yData.address(),
                    workspace.address(),
                    workspace.bytes());
        }
    }

    private ConvolutionAlgorithm everywhere(ConvolutionPass pass, ConvolutionDescriptor descriptor) {
        long bytes = CudnnAlgorithms.workspaceBytes(pass, device.cudnn(), x, w, descriptor, y, EVERYWHERE);
        return new ConvolutionAlgorithm(EVERYWHERE, bytes, true, device.mathType());
    }

    @Override
    public void forward() {
        convolve(weight.current());
        if (bias != null) {
            bias.forward();
        }
    }

    @Override
    public void infer() {
        convolve(weight.evaluated());
        if (bias != null) {
            bias.infer();
        }
    }

    private void convolve(long weights) {
        CudnnConvolution.forward(
                device.cudnn(),
                x,
                in.value().address(),
                w,
                weights,
                forward.descriptor,
                forward.algorithm,
                device.workspace.address(),
                device.workspace.bytes(),
                y,
                out.value().address());
    }

    @Override
    public void backward() {
        if (bias != null) {
            bias.backward();
        }
        CudnnConvolution.backwardFilter(
                device.cudnn(),
                x,
                in.value().address(),
                y,
                out.gradient().address(),
                backwardFilter.descriptor,
                backwardFilter.algorithm,
                device.workspace.address(),
                device.workspace.bytes(),
                w,
                weight.gradient());
        if (backwardData != null) {
            CudnnConvolution.backwardData(
                    device.cudnn(),
                    w,
                    weight.current(),
                    y,
                    out.gradient().address(),
                    backwardData.descriptor,
                    backwardData.algorithm,
                    device.workspace.address(),
                    device.workspace.bytes(),
                    x,
                    in.gradient().address());
        }
    }
}
