package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.engine.Pass;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.Work;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.network.Stage;
import io.mnist20k.network.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A network compiled for training: nodes between signals, and the phases in which blocks pass through them. A phase
/// is what a block can do without waiting for others; batch normalisation ends one, forward and backward.
final class Program {
    /// Tasks that each block runs in order, then, when all blocks have, what one thread does.
    record Phase(List<Task> tasks, Runnable atEnd) {}

    /// What is done to a block, and whose time that is.
    record Task(IntConsumer body, Clock.Lap lap) {}

    /// A node and the layers that it is.
    ///
    /// @param forward the layers that it is on the way forward, where a convolution does the work of the batch
    ///                normalisation before it, and that one has none
    private record Placed(Node node, List<Stage> stages, List<Stage> forward) {
        long in() {
            return stages.getFirst().in().elements();
        }

        long out() {
            return stages.getLast().out().elements();
        }
    }

    final BlockMemory memory;
    final Signal input;
    final Signal logits;
    final List<Phase> forward = new ArrayList<>();
    final List<Phase> backward = new ArrayList<>();
    final List<Convolution> convolutions = new ArrayList<>();

    private final Network network;
    private final Training training;
    private final Batch batch;
    private final int blocks;
    private final Gradients gradients;
    private final Scratch scratch;
    private final Weights weights;
    private final Clock clock;
    private final List<Placed> nodes = new ArrayList<>();
    /// The batch normalisation just added, where the convolution after it normalises as it reads.
    private @Nullable Placed unwritten;

    private final List<Task> tasks = new ArrayList<>();

    Program(
            Network network,
            Training training,
            Batch batch,
            int blocks,
            Gradients gradients,
            Weights weights,
            Scratch scratch,
            Clock clock) {
        this.network = network;
        this.training = training;
        this.batch = batch;
        this.blocks = blocks;
        this.gradients = gradients;
        this.weights = weights;
        this.scratch = scratch;
        this.clock = clock;
        memory = new BlockMemory(backward(0));
        List<Stage> stages = network.stages();
        input = signal(-1, network.input());
        Signal signal = input;
        for (int next = 0; !(stages.get(next).layer() instanceof Layer.Softmax); ) {
            int end = next + 1;
            if (stages.get(next).layer() instanceof Layer.BatchNorm norm) {
                end = endOfFusion(next);
                signal = addBatchNorm(norm, next, end, signal);
            } else {
                signal = add(stages.get(next), signal);
            }
            next = end;
        }
        logits = signal;
        int loss = stages.size() - 1;
        touch(loss, loss, logits.value(), logits.gradient());
        memory.layOut(blocks);
        schedule();
    }

    private Signal add(Stage stage, Signal in) {
        Signal out = signal(stage.index(), stage.out());
        boolean first = stage.index() == 0;
        Node node = switch (stage.layer()) {
            case Layer.Conv conv ->
                Convolution.of(
                        conv, in, unwrittenNorm(), out, network.parameters(stage.index()), first, gradients, scratch);
            case Layer.Dense dense ->
                Convolution.of(dense, in, out, network.parameters(stage.index()), first, gradients, scratch);
            case Layer.Relu _ -> new Relu(in, out);
            case Layer.MaxPool pool -> new MaxPool(in, out, pool.kernel(), pool.kernel(), pool.stride());
            case Layer.GlobalMaxPool _ ->
                new MaxPool(in, out, stage.in().height(), stage.in().width(), 1);
            case Layer.GlobalAvgPool _ -> new GlobalAverage(in, out);
            case Layer.Dropout d -> new Dropout(in, out, mask(stage.index(), d.rate()), false, blocks);
            case Layer.Dropout2d d -> new Dropout(in, out, mask(stage.index(), d.rate()), true, blocks);
            case Layer.BatchNorm _, Layer.Softmax _ -> throw new AssertionError(stage.name());
        };
        if (node instanceof Convolution convolution) {
            convolutions.add(convolution);
        }
        var forward = new ArrayList<Stage>();
        if (unwritten != null) {
            forward.addAll(unwritten.stages);
        }
        forward.add(stage);
        nodes.add(new Placed(node, List.of(stage), forward));
        boolean inputLearns = !(node instanceof Convolution convolution) || convolution.needsInputGradient();
        plan(in, out, stage.index(), stage.index(), inputLearns);
        unwritten = null;
        return out;
    }

    /// What follows a batch normalisation and can share its passes: ReLU, then pooling of 2×2, then dropout.
    private int endOfFusion(int norm) {
        int end = norm + 1;
        if (!(layer(end) instanceof Layer.Relu)) {
            return end;
        }
        end++;
        if (layer(end) instanceof Layer.MaxPool pool
                && pool.kernel() == PoolingNorm.SIDE
                && pool.stride() == PoolingNorm.SIDE) {
            end++;
        }
        if (layer(end) instanceof Layer.Dropout || layer(end) instanceof Layer.Dropout2d) {
            end++;
        }
        return end;
    }

    private Signal addBatchNorm(Layer.BatchNorm norm, int index, int end, Signal in) {
        boolean relu = false;
        boolean pools = false;
        DropoutMask dropout = null;
        boolean dropsChannels = false;
        for (int i = index + 1; i < end; i++) {
            switch (layer(i)) {
                case Layer.Relu _ -> relu = true;
                case Layer.MaxPool _ -> pools = true;
                case Layer.Dropout d -> dropout = mask(i, d.rate());
                case Layer.Dropout2d d -> {
                    dropout = mask(i, d.rate());
                    dropsChannels = true;
                }
                default -> throw new AssertionError(layer(i));
            }
        }
        boolean unwritten = !pools
                && dropout == null
                && layer(end) instanceof Layer.Conv reader
                && Convolution.canNormalise(
                        reader, in.shape(), network.stages().get(end).out());
        Shape shape = network.stages().get(end - 1).out();
        // Not in place: the way back looks into a normalisation's output for what ReLU and dropout let through.
        Signal out = new Signal(unwritten ? in.value() : read(end, shape), memory.plain(shape));
        var fused = new BatchNorm.Fused(relu, pools, dropout, dropsChannels);
        List<Tensor> parameters = network.parameters(index);
        List<Tensor> statistics = network.statistics(index);
        BatchNorm node = pools
                ? new PoolingNorm(
                        norm, fused, in, out, parameters, statistics, batch, gradients, weights, chosen(out, index))
                : new PointwiseNorm(norm, fused, in, out, parameters, statistics, batch, gradients, weights);
        plan(in, out, index, end - 1, true);
        touch(backward(end - 1), backward(index), out.value());
        List<Stage> stages = network.stages().subList(index, end);
        nodes.add(new Placed(node, stages, unwritten ? List.of() : stages));
        this.unwritten = unwritten ? nodes.getLast() : null;
        return out;
    }

    private Planes chosen(Signal out, int norm) {
        Planes chosen = memory.plain(out.shape());
        touch(norm, backward(norm), chosen);
        return chosen;
    }

    /// Says when a node uses what is around it. The time of a layer is its number, and the way back counts on.
    ///
    /// @param first the first of the layers that it is
    private void plan(Signal in, Signal out, int first, int last, boolean needsInputGradient) {
        touch(first, last, in.value(), out.value());
        touch(backward(last), backward(first), in.value(), out.gradient());
        if (needsInputGradient) {
            touch(backward(last), backward(first), in.gradient());
        }
    }

    private int backward(int layer) {
        return 2 * network.stages().size() - layer;
    }

    private static void touch(int from, int to, Planes... touched) {
        for (Planes planes : touched) {
            planes.region.touch(from);
            planes.region.touch(to);
        }
    }

    private @Nullable PointwiseNorm unwrittenNorm() {
        return unwritten == null ? null : (PointwiseNorm) unwritten.node;
    }

    private Layer layer(int index) {
        return network.stages().get(index).layer();
    }

    private DropoutMask mask(int layer, double rate) {
        return new DropoutMask(layer, rate, training.seed(), batch);
    }

    /// What a layer that is no batch normalisation writes (-1: the images), laid out as the layers on both sides need
    /// it. A batch normalisation that reads it puts the gradient in its place, unless that stands dilated, as a
    /// strided convolution's has to.
    private Signal signal(int writer, Shape shape) {
        Planes gradient = gradientOf(writer, shape);
        boolean inPlace = layer(writer + 1) instanceof Layer.BatchNorm && gradient.columnStride == COUNT;
        return new Signal(inPlace ? gradient : read(writer + 1, shape), gradient);
    }

    /// Planes with the border that their reader needs.
    private Planes read(int reader, Shape shape) {
        int padding = layer(reader) instanceof Layer.Conv conv ? conv.padding() : 0;
        return memory.planes(shape, padding, padding, 1);
    }

    /// A convolution's data gradient reads around and between the elements, unless nothing before it learns.
    private Planes gradientOf(int writer, Shape shape) {
        if (writer <= 0 || !(layer(writer) instanceof Layer.Conv conv)) {
            return memory.plain(shape);
        }
        Shape in = network.stages().get(writer).in();
        int border = conv.kernel() - 1 - conv.padding();
        int unreached = Math.max(
                (in.height() + 2 * conv.padding() - conv.kernel()) % conv.stride(),
                (in.width() + 2 * conv.padding() - conv.kernel()) % conv.stride());
        return conv.stride() == 1
                ? memory.cleared(shape, border, border)
                : memory.planes(shape, border, border + unreached, conv.stride());
    }

    private void schedule() {
        for (Placed placed : nodes) {
            if (placed.node instanceof BatchNorm norm) {
                task(placed, Pass.STATISTICS, placed.in(), norm::gatherStatistics);
                close(norm::finishStatistics, forward);
            }
            if (!placed.forward.isEmpty()) {
                long floats = placed.in() + placed.out();
                tasks.add(new Task(placed.node::forward, clock.lap(Work.of(placed.forward, Pass.FORWARD, floats))));
            }
        }
        close(() -> {}, forward);
        for (Placed placed : nodes.reversed()) {
            switch (placed.node) {
                case Convolution convolution -> {
                    task(placed, Pass.WEIGHT_GRADIENT, placed.in() + placed.out(), convolution::backward);
                    if (convolution.needsInputGradient()) {
                        task(placed, Pass.DATA_GRADIENT, placed.in() + placed.out(), convolution::backwardInput);
                    }
                }
                case BatchNorm norm -> {
                    task(placed, Pass.BACKWARD, 2 * placed.in() + placed.out(), norm::backward);
                    close(norm::finishGradients, backward);
                    task(placed, Pass.DATA_GRADIENT, 3 * placed.in(), norm::backwardInput);
                }
                default -> task(placed, Pass.BACKWARD, placed.in() + placed.out(), placed.node::backward);
            }
        }
        close(() -> {}, backward);
    }

    /// @param floats of an image that it reads or writes
    private void task(Placed placed, Pass pass, long floats, IntConsumer body) {
        tasks.add(new Task(body, clock.lap(Work.of(placed.stages, pass, floats))));
    }

    private void close(Runnable atEnd, List<Phase> phases) {
        phases.add(new Phase(List.copyOf(tasks), atEnd));
        tasks.clear();
    }
}
