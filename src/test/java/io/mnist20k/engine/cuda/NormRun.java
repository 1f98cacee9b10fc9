package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DeviceBuffer;

/// A [NormCase] on the device: its buffers, and its launches with the parameters in order.
final class NormRun {
    private static final int PAIR_BYTES = 16;

    final DeviceBuffer y;
    final DeviceBuffer saved;
    final DeviceBuffer runningMean;
    final DeviceBuffer runningVariance;
    final DeviceBuffer dScale;
    final DeviceBuffer dShift;
    private final KernelBench bench;
    private final NormCase test;
    private final DeviceBuffer x;
    private final DeviceBuffer scale;
    private final DeviceBuffer shift;
    private final DeviceBuffer sums;
    private final DeviceBuffer step;

    NormRun(KernelBench bench, NormCase test, float[] x) {
        this.bench = bench;
        this.test = test;
        this.x = bench.activations(test.precision(), x);
        y = bench.empty((long) test.outElements() * test.precision().bytes);
        saved = bench.empty(8L * test.channels());
        runningMean = bench.floats(Numbers.array(test.channels(), c -> 0.5 + c));
        runningVariance = bench.floats(Numbers.array(test.channels(), c -> 2 + c));
        dScale = bench.empty(4L * test.channels());
        dShift = bench.empty(4L * test.channels());
        scale = bench.floats(test.scale());
        shift = bench.floats(test.shift());
        sums = bench.empty((long) PAIR_BYTES * test.channels() * test.slices());
        step = bench.step(9, NormCase.EPOCH, NormCase.STEP);
    }

    float[] forward() {
        bench.launch(
                test.kernel("batch_norm_sums"), test.shape(), sums, x, test.samples(), test.channels(), test.pixels());
        bench.launch(
                test.kernel("batch_norm_forward"),
                test.shape(),
                y,
                saved,
                runningMean,
                runningVariance,
                x,
                sums,
                scale,
                shift,
                step,
                test.slices(),
                NormCase.EPSILON,
                NormCase.MOMENTUM,
                test.relu() ? 1 : 0,
                test.pool(),
                NormCase.SEED,
                NormCase.LAYER,
                test.threshold(),
                test.keptScale(),
                test.dropsChannels() ? 1 : 0,
                test.samples(),
                test.channels(),
                test.height(),
                test.width());
        return KernelBench.activations(test.precision(), y);
    }

    float[] infer() {
        bench.launch(
                test.kernel("batch_norm_infer"),
                test.shape(),
                y,
                x,
                runningMean,
                runningVariance,
                scale,
                shift,
                NormCase.EPSILON,
                test.relu() ? 1 : 0,
                test.pool(),
                test.samples(),
                test.channels(),
                test.height(),
                test.width());
        return KernelBench.activations(test.precision(), y);
    }

    /// After [#forward].
    ///
    /// @param dx may be `dy` where nothing is pooled
    float[] backward(DeviceBuffer dx, DeviceBuffer dy) {
        bench.launch(
                test.kernel("batch_norm_backward_sums"),
                test.shape(),
                sums,
                dy,
                x,
                saved,
                scale,
                shift,
                step,
                test.relu() ? 1 : 0,
                test.pool(),
                NormCase.SEED,
                NormCase.LAYER,
                test.threshold(),
                test.keptScale(),
                test.dropsChannels() ? 1 : 0,
                test.samples(),
                test.channels(),
                test.height(),
                test.width());
        bench.launch(
                test.kernel("batch_norm_backward"),
                test.shape(),
                dx,
                dScale,
                dShift,
                dy,
                x,
                sums,
                saved,
                scale,
                shift,
                step,
                test.slices(),
                test.relu() ? 1 : 0,
                test.pool(),
                NormCase.SEED,
                NormCase.LAYER,
                test.threshold(),
                test.keptScale(),
                test.dropsChannels() ? 1 : 0,
                test.samples(),
                test.channels(),
                test.height(),
                test.width());
        return KernelBench.activations(test.precision(), dx);
    }

    DeviceBuffer input(float[] values) {
        return bench.activations(test.precision(), values);
    }

    DeviceBuffer inputGradient() {
        return bench.empty((long) test.elements() * test.precision().bytes);
    }
}
