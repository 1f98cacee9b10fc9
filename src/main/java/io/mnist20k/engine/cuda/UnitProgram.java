package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.cuda.Owner;
import io.mnist20k.engine.MemoryPlan;
import io.mnist20k.engine.Region;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A network by the kernels of `unit.cuh`, a launch a unit. Unit i of n runs forward at time i, the head at n, unit i
/// backward at 2n - i, and what the images gave is added up at 2n + 1.
final class UnitProgram implements Program {
    /// `struct Moments` and `struct GradientSums`.
    private static final int PAIR_BYTES = 8;

    final UnitNetwork units;
    /// `[batch, height, width]`
    final Region input;
    /// The gradients of weights by image, `[batch, gradients]`.
    final Region shares;

    final Region gradientTable;

    final Region logitGradients;
    /// A number an image each.
    final Region losses;

    final Region correct;

    private final Network network;
    private final Training training;
    private final MemoryPlan memory;
    private final DeviceState state;
    private final Region logits;
    private final Region weightTable;
    private final Region arranged;
    private final ArrangedWeights weights;
    private @Nullable KernelLaunch arrangeEvaluated;
    private final List<UnitMemory> memories = new ArrayList<>();

    /// What a unit leaves in memory.
    ///
    /// @param raw          `[batch, groups, pixels, 4]`, what its convolution gives
    /// @param moments      `[channels, batch]`, by image
    /// @param saved        `[2, channels]`, what it was normalised by
    /// @param gradient     `[batch, groups, pooled pixels, 4]`, at what its normalisation gives
    /// @param gradientSums `[channels, batch]`, by image
    /// @param merged       `[channels]`, of all images the moments, and later the gradients' sums
    record UnitMemory(Region raw, Region moments, Region saved, Region gradient, Region gradientSums, Region merged) {}

    /// @param sharedBytes that the GPU has for a block
    UnitProgram(UnitNetwork units, Network network, Training training, int sharedBytes) {
        this.units = units;
        this.network = network;
        this.training = training;
        long batch = training.batch();
        int count = units.units().size();
        memory = new MemoryPlan(2 * count + 1);
        state = new DeviceState(network, training, DataType.FLOAT, memory, sharedBytes);
        input = memory.passing(batch * network.input().pixels() * Float.BYTES);
        input.touch(0);
        input.touch(2 * count);
        for (int i = 0; i < count; i++) {
            Unit unit = units.units().get(i);
            long channels = unit.raw().channels();
            Region raw = memory.passing(batch * Unit.bytes(unit.raw()));
            raw.touch(i);
            raw.touch(2 * count - i);
            Region gradient = memory.passing(batch * Unit.bytes(unit.out()));
            gradient.touch(2 * count - i - 1);
            gradient.touch(2 * count - i);
            memories.add(new UnitMemory(
                    raw,
                    memory.lasting(channels * batch * PAIR_BYTES),
                    memory.lasting(2 * channels * Float.BYTES),
                    gradient,
                    memory.lasting(channels * batch * PAIR_BYTES),
                    memory.lasting(channels * PAIR_BYTES)));
        }
        logits = memory.lasting(batch * network.classes() * Float.BYTES);
        logitGradients = memory.lasting(batch * network.classes() * Float.BYTES);
        losses = memory.lasting(batch * Double.BYTES);
        correct = memory.lasting(batch * Integer.BYTES);
        weights = new ArrangedWeights(units, state.parameterLayout, weights());
        weightTable = memory.lasting((long) weights.weightTable().length * Integer.BYTES);
        gradientTable = memory.lasting((long) weights.gradientTable().length * Integer.BYTES);
        arranged = memory.lasting((long) weights.weightTable().length * Float.BYTES);
        shares = memory.passing(batch * shareStride() * Float.BYTES);
        shares.touch(count);
        shares.touch(2 * count + 1);
        memory.layOut();
    }

    /// Of each unit, and of the head.
    private List<Tensor> weights() {
        return Stream.concat(
                        units.units().stream().map(Unit::index),
                        Stream.of(units.head().index()))
                .map(layer -> network.parameters(layer).getFirst())
                .toList();
    }

    @Override
    public void begin(Device device, DeviceBuffer memory) {
        Program.super.begin(device, memory);
        memory.upload(weightTable.offset(), weights.weightTable());
        memory.upload(gradientTable.offset(), weights.gradientTable());
        arrangeEvaluated = arrange(device, state.evaluatedParameters);
    }

    @Override
    public void beginEvaluation(DeviceBuffer memory) {
        Program.super.beginEvaluation(memory);
        Objects.requireNonNull(arrangeEvaluated, "evaluation before begin").launch();
    }

    /// Arranges weights for the passes that follow.
    KernelLaunch arrange(Device device, Region parameters) {
        int count = weights.weightTable().length;
        return device.striding(
                "arrange_weights", count, arranged.address(), parameters.address(), weightTable.address(), count);
    }

    @Override
    public String kernels() {
        return "ours, " + units.units().size() + " units";
    }

    @Override
    public MemoryPlan memory() {
        return memory;
    }

    @Override
    public DeviceState state() {
        return state;
    }

    @Override
    public Region evaluatedLogits() {
        return logits;
    }

    @Override
    public Body layOut(Device device, Owner owner, int samples) {
        return new UnitBody(device, this, training, samples);
    }

    UnitMemory memory(int unit) {
        return memories.get(unit);
    }

    DeviceState.Place headWeight() {
        return state.parameter(network.parameters(units.head().index()).getFirst());
    }

    /// Null as C has it where the dense layer has no bias.
    DeviceState.Place denseBias() {
        return units.head().bias()
                ? state.parameter(network.parameters(units.head().index()).getLast())
                : new DeviceState.Place(0, 0, 0);
    }

    /// Where an image's share of the gradient of a unit's weights begins, or as the last that of the head.
    long share(int unit) {
        return shares.address() + (long) weights.gradients(unit) * Float.BYTES;
    }

    /// Numbers from an image's share to the next one's, each at a multiple of 16 bytes.
    int shareStride() {
        return Math.ceilDiv(gradientCount(), Unit.GROUP) * Unit.GROUP;
    }

    int gradientCount() {
        return weights.gradientTable().length;
    }

    long forwardWeights(int unit) {
        return arranged.address() + (long) weights.forward(unit) * Float.BYTES;
    }

    long backwardWeights(int unit) {
        return arranged.address() + (long) weights.backward(unit) * Float.BYTES;
    }

    NormPlaces norm(int unit) {
        int layer = units.units().get(unit).normIndex();
        return NormPlaces.of(
                state,
                network.parameters(layer),
                network.statistics(layer),
                memories.get(unit).saved());
    }
}
