package io.mnist20k.engine.cuda;

import static io.mnist20k.engine.cuda.Device.kernel;

import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.engine.Region;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;

/// Batch normalisation with the ReLU, the pooling and the dropout behind it, by this program's kernels: one
/// pass for the sums, one for all the rest, forward and backward.
final class FusedNorm implements Operation {
    /// Numbers of one channel that a block takes its share of, and the most blocks of a channel.
    private static final int SLICE = 8192;

    private static final int MOST_SLICES = 32;

    /// Two doubles.
    private static final int PAIR_BYTES = 16;

    private final KernelLaunch sums;
    private final KernelLaunch forward;
    private final KernelLaunch infer;
    private final KernelLaunch backwardSums;
    private final KernelLaunch backward;

    /// What is done beside the normalisation.
    ///
    /// @param pool side and stride of the window, 1 where nothing is pooled
    record Tail(boolean relu, int pool, Mask mask) {}

    /// @param step address of the `Step`
    /// @param sums of at least [#sumBytes]
    FusedNorm(
            Device device,
            Layer.BatchNorm layer,
            Tail tail,
            Signal in,
            Signal out,
            NormPlaces places,
            Region sums,
            long step,
            long seed,
            int samples) {
        Shape shape = in.shape();
        int slices = slices(samples, shape);
        int channels = shape.channels();
        int relu = tail.relu ? 1 : 0;
        int dropsChannels = tail.mask.channels() ? 1 : 0;
        long x = in.value().address();
        long scale = places.scale().current();
        long shift = places.shift().current();
        this.sums = device.launch(
                kernel("batch_norm_sums", in.type()),
                slices,
                channels,
                Device.THREADS,
                sums.address(),
                x,
                samples,
                channels,
                shape.pixels());
        forward = device.launch(
                kernel("batch_norm_forward", in.type()),
                slices,
                channels,
                Device.THREADS,
                out.value().address(),
                places.saved(),
                places.runningMean().current(),
                places.runningVariance().current(),
                x,
                sums.address(),
                scale,
                shift,
                step,
                slices,
                layer.epsilon(),
                layer.momentum(),
                relu,
                tail.pool,
                seed,
                tail.mask.layer(),
                tail.mask.threshold(),
                tail.mask.keptScale(),
                dropsChannels,
                samples,
                channels,
                shape.height(),
                shape.width());
        infer = device.launch(
                kernel("batch_norm_infer", in.type()),
                slices,
                channels,
                Device.THREADS,
                out.value().address(),
                x,
                places.runningMean().evaluated(),
                places.runningVariance().evaluated(),
                places.scale().evaluated(),
                places.shift().evaluated(),
                layer.epsilon(),
                relu,
                tail.pool,
                samples,
                channels,
                shape.height(),
                shape.width());
        backwardSums = device.launch(
                kernel("batch_norm_backward_sums", in.type()),
                slices,
                channels,
                Device.THREADS,
                sums.address(),
                out.gradient().address(),
                x,
                places.saved(),
                scale,
                shift,
                step,
                relu,
                tail.pool,
                seed,
                tail.mask.layer(),
                tail.mask.threshold(),
                tail.mask.keptScale(),
                dropsChannels,
                samples,
                channels,
                shape.height(),
                shape.width());
        backward = device.launch(
                kernel("batch_norm_backward", in.type()),
                slices,
                channels,
                Device.THREADS,
                in.gradient().address(),
                places.scale().gradient(),
                places.shift().gradient(),
                out.gradient().address(),
                x,
                sums.address(),
                places.saved(),
                scale,
                shift,
                step,
                slices,
                relu,
                tail.pool,
                seed,
                tail.mask.layer(),
                tail.mask.threshold(),
                tail.mask.keptScale(),
                dropsChannels,
                samples,
                channels,
                shape.height(),
                shape.width());
    }

    static long sumBytes(int samples, Shape shape) {
        return (long) slices(samples, shape) * shape.channels() * PAIR_BYTES;
    }

    /// A function of the shape alone, since the order of the sums depends on it.
    private static int slices(int samples, Shape shape) {
        return Math.clamp((long) samples * shape.pixels() / SLICE, 1, MOST_SLICES);
    }

    @Override
    public void forward() {
        sums.launch();
        forward.launch();
    }

    @Override
    public void infer() {
        infer.launch();
    }

    @Override
    public void backward() {
        backwardSums.launch();
        backward.launch();
    }
}
