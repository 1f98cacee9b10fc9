package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudnnBatchNormalization;
import io.mnist20k.cuda.Owner;
import io.mnist20k.cuda.TensorDescriptor;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;

/// Batch normalisation by cuDNN.
final class CudnnNorm implements Operation {
    /// What cuDNN evaluates at once: it answers `NOT_SUPPORTED` to one more.
    private static final int MOST_SAMPLES = 65_535;

    private final Device device;
    private final Layer.BatchNorm layer;
    private final Signal in;
    private final Signal out;
    private final NormPlaces places;
    private final TensorDescriptor tensor;
    private final TensorDescriptor channels;
    private final long savedDeviation;

    /// @param owner of the descriptors
    CudnnNorm(
            Device device, Owner owner, Layer.BatchNorm layer, Signal in, Signal out, NormPlaces places, int samples) {
        this.device = device;
        this.layer = layer;
        this.in = in;
        this.out = out;
        this.places = places;
        tensor = owner.own(in.descriptor(samples));
        channels = owner.own(TensorDescriptor.ofChannels(tensor));
        savedDeviation = places.saved() + (long) in.shape().channels() * Float.BYTES;
    }

    /// Whether cuDNN can: of a single number a channel its running variance would be no number.
    static boolean takes(int samples, Shape shape) {
        return samples * shape.pixels() > 1 && samples <= MOST_SAMPLES;
    }

    @Override
    public void forward() {
        CudnnBatchNormalization.forwardTraining(
                device.cudnn(),
                tensor,
                in.value().address(),
                out.value().address(),
                channels,
                places.scale().current(),
                places.shift().current(),
                layer.momentum(),
                places.runningMean().current(),
                places.runningVariance().current(),
                layer.epsilon(),
                places.saved(),
                savedDeviation);
    }

    @Override
    public void infer() {
        CudnnBatchNormalization.forwardInference(
                device.cudnn(),
                tensor,
                in.value().address(),
                out.value().address(),
                channels,
                places.scale().evaluated(),
                places.shift().evaluated(),
                places.runningMean().evaluated(),
                places.runningVariance().evaluated(),
                layer.epsilon());
    }

    @Override
    public void backward() {
        CudnnBatchNormalization.backward(
                device.cudnn(),
                tensor,
                in.value().address(),
                out.gradient().address(),
                in.gradient().address(),
                channels,
                places.scale().current(),
                places.scale().gradient(),
                places.shift().gradient(),
                layer.epsilon(),
                places.saved(),
                savedDeviation);
    }
}
