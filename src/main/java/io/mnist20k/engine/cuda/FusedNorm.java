package io.mnist20k.engine.cuda;

import static io.mnist20k.engine.cuda.Device.kernel;

import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.engine.Region;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;
import java.util.List;

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
        var grid = new Grid(device, in.type(), slices, shape.channels());
        var extent = List.of(samples, shape.channels(), shape.height(), shape.width());
        var behind = List.of(tail.relu ? 1 : 0, tail.pool);
        List<Object> dropout = tail.mask.parameters(seed);
        long x = in.value().address();
        long scale = places.scale().current();
        long shift = places.shift().current();
        this.sums = grid.launch("batch_norm_sums", sums.address(), x, samples, shape.channels(), shape.pixels());
        forward = grid.launch(
                "batch_norm_forward",
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
                behind,
                dropout,
                extent);
        infer = grid.launch(
                "batch_norm_infer",
                out.value().address(),
                x,
                places.runningMean().evaluated(),
                places.runningVariance().evaluated(),
                places.scale().evaluated(),
                places.shift().evaluated(),
                layer.epsilon(),
                behind,
                extent);
        backwardSums = grid.launch(
                "batch_norm_backward_sums",
                sums.address(),
                out.gradient().address(),
                x,
                places.saved(),
                scale,
                shift,
                step,
                behind,
                dropout,
                extent);
        backward = grid.launch(
                "batch_norm_backward",
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
                behind,
                dropout,
                extent);
    }

    /// A row of blocks for each channel.
    private record Grid(Device device, DataType type, int slices, int channels) {
        KernelLaunch launch(String kernel, Object... parameters) {
            return device.launch(kernel(kernel, type), slices, channels, Device.THREADS, parameters);
        }
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
