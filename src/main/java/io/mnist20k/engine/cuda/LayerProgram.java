package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.Owner;
import io.mnist20k.cuda.PoolingMode;
import io.mnist20k.engine.MemoryPlan;
import io.mnist20k.engine.Region;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.network.Stage;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One operation after the other: operations, the signals between them, and when each piece of memory holds
/// something. Time 0 loads the images; operation i of n runs forward at i + 1, the loss at n + 1, and operation i
/// backward at 2n + 1 - i.
final class LayerProgram implements Program {
    final Signal input;
    final Signal logits;
    /// Of the step's samples, a byte each.
    final Region labels;

    private final String notUnits;
    private final MemoryPlan memory;
    private final DeviceState state;
    private final Region evaluatedLogits;
    private final Network network;
    private final Training training;
    private final DataType type;
    private final Region roundedLogitGradient;
    private final List<Group> groups;
    private final List<Node> nodes = new ArrayList<>();
    private int untrained;

    /// Stages that become one operation.
    private record Group(int first, int end) {}

    /// Lays out one operation for a number of samples up to the batch.
    @FunctionalInterface
    private interface Node {
        /// @param owner of what the operation needs natively
        Operation layOut(Device device, Owner owner, int samples);
    }

    /// @param notUnits    for [#kernels], why whole units that were asked for are not taken, or nothing
    /// @param sharedBytes that the GPU has for a block
    LayerProgram(Network network, Training training, int sharedBytes, String notUnits) {
        this.notUnits = notUnits;
        this.network = network;
        this.training = training;
        type = Device.typeOf(training.engine().precision());
        groups = groups();
        memory = new MemoryPlan(2 * groups.size() + 1);
        state = new DeviceState(network, training, type, memory, sharedBytes);
        labels = memory.lasting(training.batch());
        input = new Signal(network.input(), type, bytes(network.input(), type), bytes(network.input(), type), false);
        input.value().touch(0);
        Signal signal = input;
        boolean keepsOutput = false;
        for (int i = 0; i < groups.size(); i++) {
            Group group = groups.get(i);
            Signal out = signalOf(group, signal, keepsOutput);
            keepsOutput = readsItsOutput(group);
            touch(i, group, signal, out);
            untrained += out.trained() ? 0 : 1;
            nodes.add(node(group, signal, out));
            signal = out;
        }
        logits = signal;
        logits.value().touch(groups.size() + 1);
        logits.gradient().touch(groups.size() + 1);
        evaluatedLogits = logits.type() == DataType.FLOAT
                ? logits.value()
                : memory.lasting((long) training.batch() * network.classes() * Float.BYTES);
        roundedLogitGradient =
                memory.lasting(logits.type() == type ? 0 : (long) training.batch() * network.classes() * type.bytes());
        memory.layOut();
    }

    @Override
    public String kernels() {
        String norms = fusesNorms() ? "'s convolutions, our normalisation and pooling" : "";
        return "cuDNN" + norms + ", cuBLAS" + notUnits;
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
        return evaluatedLogits;
    }

    @Override
    public Body layOut(Device device, Owner owner, int samples) {
        return new LayerBody(device, owner, this, training, samples);
    }

    /// All operations for this number of samples, first to last; the memory has been allocated.
    ///
    /// @param samples at most the batch
    /// @param owner   of what they need natively
    List<Operation> operations(Device device, Owner owner, int samples) {
        return nodes.stream().map(node -> node.layOut(device, owner, samples)).toList();
    }

    /// The operations by the names of their layers.
    List<String> names() {
        return groups.stream()
                .map(group -> network.stages().subList(group.first, group.end).stream()
                        .map(Stage::name)
                        .collect(Collectors.joining("+")))
                .toList();
    }

    /// How many operations stand before the first that has a gradient to pass on or parameters to train.
    int untrained() {
        return untrained;
    }

    private List<Group> groups() {
        var groups = new ArrayList<Group>();
        for (int first = 0; !(layer(first) instanceof Layer.Softmax); ) {
            var group = new Group(first, endOf(first));
            groups.add(group);
            first = group.end;
        }
        return groups;
    }

    private int endOf(int first) {
        int end = first + 1;
        boolean fuses = fusesNorms() && layer(first) instanceof Layer.BatchNorm;
        if (fuses && layer(end) instanceof Layer.Relu) {
            end++;
            if (layer(end) instanceof Layer.MaxPool pool && pool.kernel() == pool.stride()) {
                end++;
            }
            return isDropout(end) ? end + 1 : end;
        }
        return layer(first) instanceof Layer.Relu && isDropout(end) ? end + 1 : end;
    }

    /// cuDNN's batch normalisation and pooling are used with single precision alone.
    private boolean fusesNorms() {
        return training.engine().kernels() == Kernels.FUSED || type != DataType.FLOAT;
    }

    private boolean isDropout(int index) {
        return layer(index) instanceof Layer.Dropout || layer(index) instanceof Layer.Dropout2d;
    }

    private Layer layer(int index) {
        return network.stages().get(index).layer();
    }

    private Stage stage(Group group) {
        return network.stages().get(group.first);
    }

    /// What a group writes: over its input where that is not needed any more and has the same size.
    ///
    /// @param inputIsKept whether the operation before reads its output once more in its backward pass
    private Signal signalOf(Group group, Signal in, boolean inputIsKept) {
        Shape shape = network.stages().get(group.end - 1).out();
        boolean trained = in.trained() || stage(group).parameters() > 0;
        boolean last = layer(group.end) instanceof Layer.Softmax;
        boolean wide = last && stage(group).layer() instanceof Layer.Dense;
        DataType outType = wide ? DataType.FLOAT : type;
        boolean activation = isActivation(group);
        boolean gradientInPlace = activation || (isFusedNorm(group) && shape.equals(in.shape()));
        return new Signal(
                shape,
                outType,
                activation && !inputIsKept ? in.value() : bytes(shape, outType),
                gradientInPlace ? in.gradient() : bytes(shape, outType),
                trained);
    }

    private boolean isActivation(Group group) {
        return switch (layer(group.first)) {
            case Layer.Relu _, Layer.Dropout _, Layer.Dropout2d _ -> true;
            default -> false;
        };
    }

    private boolean isNorm(Group group) {
        return layer(group.first) instanceof Layer.BatchNorm;
    }

    private boolean isFusedNorm(Group group) {
        return isNorm(group) && fusesNorms();
    }

    private boolean isPool(Group group) {
        return switch (layer(group.first)) {
            case Layer.MaxPool _, Layer.GlobalMaxPool _, Layer.GlobalAvgPool _ -> true;
            default -> false;
        };
    }

    private boolean readsItsOutput(Group group) {
        return layer(group.first) instanceof Layer.Relu || (isPool(group) && !fusesNorms());
    }

    private boolean readsItsInput(Group group) {
        return !isActivation(group) && !(layer(group.first) instanceof Layer.GlobalAvgPool && fusesNorms());
    }

    private void touch(int index, Group group, Signal in, Signal out) {
        int forward = index + 1;
        in.value().touch(forward);
        out.value().touch(forward);
        if (!out.trained()) {
            return;
        }
        int backward = 2 * groups.size() + 1 - index;
        out.gradient().touch(backward);
        if (in.trained() || isNorm(group)) {
            in.gradient().touch(backward);
        }
        if (readsItsInput(group)) {
            in.value().touch(backward);
        }
        if (readsItsOutput(group)) {
            out.value().touch(backward);
        }
    }

    private Node node(Group group, Signal in, Signal out) {
        List<Tensor> parameters = network.parameters(group.first);
        return switch (layer(group.first)) {
            case Layer.Conv conv ->
                (device, owner, samples) -> new Convolution(
                        device,
                        owner,
                        conv,
                        in,
                        out,
                        state.factor(parameters.getFirst()),
                        bias(conv.bias(), parameters, out, device, samples),
                        samples);
            case Layer.Dense dense ->
                (device, owner, samples) -> new Dense(
                        device,
                        in,
                        out,
                        state.factor(parameters.getFirst()),
                        state.parameter(parameters.getFirst()).gradient(),
                        bias(dense.bias(), parameters, out, device, samples),
                        roundedLogitGradient,
                        samples);
            case Layer.BatchNorm norm -> norm(norm, group, parameters, in, out);
            case Layer.Relu _, Layer.Dropout _, Layer.Dropout2d _ ->
                (device, owner, samples) -> new Activation(
                        device,
                        layer(group.first) instanceof Layer.Relu,
                        mask(group),
                        in,
                        out,
                        state.step.address(),
                        training.seed(),
                        samples);
            case Layer.MaxPool(int kernel, int stride) -> pool(group, PoolingMode.MAX, kernel, kernel, stride, in, out);
            case Layer.GlobalMaxPool _ ->
                pool(group, PoolingMode.MAX, in.shape().height(), in.shape().width(), 1, in, out);
            case Layer.GlobalAvgPool _ ->
                pool(group, PoolingMode.AVERAGE, in.shape().height(), in.shape().width(), 1, in, out);
            case Layer.Softmax _ -> throw new AssertionError(group);
        };
    }

    private @Nullable Bias bias(boolean there, List<Tensor> parameters, Signal out, Device device, int samples) {
        return there ? new Bias(device, state.parameter(parameters.getLast()), out, samples) : null;
    }

    private Node pool(Group group, PoolingMode mode, int height, int width, int stride, Signal in, Signal out) {
        return fusesNorms()
                ? (device, owner, samples) -> Pool.of(device, layer(group.first), in, out, samples)
                : (device, owner, samples) ->
                        new CudnnPool(device, owner, mode, height, width, stride, in, out, samples);
    }

    /// Where cuDNN cannot, this program's kernels in any case.
    private Node norm(Layer.BatchNorm norm, Group group, List<Tensor> parameters, Signal in, Signal out) {
        List<Tensor> statistics = network.statistics(group.first);
        Region saved = memory.lasting(2L * in.shape().channels() * Float.BYTES);
        Region sums = memory.lasting(FusedNorm.sumBytes(training.batch(), in.shape()));
        FusedNorm.Tail tail = tail(group);
        return (device, owner, samples) -> {
            NormPlaces places = NormPlaces.of(state, parameters, statistics, saved);
            return fusesNorms() || !CudnnNorm.takes(samples, in.shape())
                    ? new FusedNorm(
                            device, norm, tail, in, out, places, sums, state.step.address(), training.seed(), samples)
                    : new CudnnNorm(device, owner, norm, in, out, places, samples);
        };
    }

    private FusedNorm.Tail tail(Group group) {
        boolean relu = false;
        int pool = 1;
        for (int i = group.first + 1; i < group.end; i++) {
            relu |= layer(i) instanceof Layer.Relu;
            pool = layer(i) instanceof Layer.MaxPool max ? max.kernel() : pool;
        }
        return new FusedNorm.Tail(relu, pool, mask(group));
    }

    /// Of the dropout that a group ends in.
    private Mask mask(Group group) {
        return Mask.of(group.end - 1, layer(group.end - 1));
    }

    private Region bytes(Shape shape, DataType type) {
        return memory.passing((long) training.batch() * shape.elements() * type.bytes());
    }
}
