package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.network.Stage;
import io.mnist20k.recipe.Augmentation;
import java.util.ArrayList;
import java.util.List;

/// A network compiled for evaluation: operations that take a block of images from first layer to last. Nothing waits
/// for other images, so each worker has one block's memory, which stays in its core's caches.
///
/// Dropout is not there. A convolution or dense layer does the work of what follows it, as far as that is a batch
/// normalisation, a ReLU and a pooling of 2×2, so that nothing passes over its outputs again; other layers are
/// operations of their own.
final class Inference {
    /// What is done to a block.
    interface Operation {
        /// Takes over a model's numbers, before the first block.
        default void pack(Weights weights) {}

        void run(int block);
    }

    final BlockMemory memory;

    private final Network network;
    private final int workers;
    private final Scratch scratch;
    private final Batch batch;
    private final ImageLoader loader;
    private final List<Operation> operations = new ArrayList<>();
    private final Planes logits;

    /// Stages that are left to compile.
    private final List<Stage> left;

    Inference(Network network, Normalization normalization, int workers, Scratch scratch) {
        this.network = network;
        this.workers = workers;
        this.scratch = scratch;
        left = new ArrayList<>(network.stages().stream()
                .filter(stage -> !(stage.layer() instanceof Layer.Dropout
                        || stage.layer() instanceof Layer.Dropout2d
                        || stage.layer() instanceof Layer.Softmax))
                .toList());
        batch = new Batch(workers);
        batch.samples = workers * COUNT;
        memory = new BlockMemory(left.size() + 1);
        Planes signal = planes(network.input());
        touch(0, signal);
        loader = new ImageLoader(signal, batch, Augmentation.NONE, normalization, 0, workers);
        while (!left.isEmpty()) {
            Planes in = signal;
            signal = add(left.removeFirst(), in);
            touch(operations.size(), in, signal);
        }
        logits = signal;
        touch(operations.size() + 1, logits);
        memory.layOut(workers);
    }

    /// @param time 0 when images are loaded, then the number of the operation, counted from 1; last come the logits
    private static void touch(int time, Planes... touched) {
        for (Planes planes : touched) {
            planes.region.touch(time);
        }
    }

    private Planes add(Stage stage, Planes in) {
        if (stage.layer() instanceof Layer.Conv || stage.layer() instanceof Layer.Dense) {
            return addFolded(stage, in);
        }
        Planes out = planes(stage.out());
        // The nodes are asked forward alone, and nothing is a gradient here.
        var x = new Signal(in, in);
        var y = new Signal(out, out);
        operations.add(
                switch (stage.layer()) {
                    case Layer.BatchNorm norm -> new RunningNorm.Alone(running(norm, stage), in, out);
                    case Layer.Relu _ -> new Relu(x, y)::forward;
                    case Layer.MaxPool pool -> new MaxPool(x, y, pool.kernel(), pool.kernel(), pool.stride())::forward;
                    case Layer.GlobalMaxPool _ -> new MaxPool(x, y, in.shape.height(), in.shape.width(), 1)::forward;
                    case Layer.GlobalAvgPool _ -> new GlobalAverage(x, y)::forward;
                    case Layer.Conv _, Layer.Dense _, Layer.Dropout _, Layer.Dropout2d _, Layer.Softmax _ ->
                        throw new AssertionError(stage.name());
                });
        return out;
    }

    /// A convolution or dense layer, and what follows it as far as it can go with it. ReLU and pooling may come in
    /// either order: the largest of some numbers stays the largest behind a ReLU.
    private Planes addFolded(Stage stage, Planes in) {
        Stage last = stage;
        RunningNorm norm = null;
        boolean relu = false;
        boolean pools = false;
        while (!left.isEmpty()) {
            Layer next = left.getFirst().layer();
            if (next instanceof Layer.BatchNorm layer && norm == null && !relu && !pools) {
                norm = running(layer, left.getFirst());
            } else if (next instanceof Layer.Relu) {
                relu = true;
            } else if (next instanceof Layer.MaxPool pool
                    && !pools
                    && canPool(stage, pool, left.getFirst().out())) {
                pools = true;
            } else {
                break;
            }
            last = left.removeFirst();
        }
        Planes out = planes(last.out());
        var epilogue = new Epilogue(relu, pools);
        operations.add(new FoldedConvolution(
                stage.layer(), network.parameters(stage.index()), norm, epilogue, in, out, scratch));
        return out;
    }

    private static boolean canPool(Stage stage, Layer.MaxPool pool, Shape pooled) {
        return pool.kernel() == Epilogue.SIDE
                && pool.stride() == Epilogue.SIDE
                && stage.layer() instanceof Layer.Conv conv
                && Convolution.canPool(conv, stage.in(), pooled);
    }

    private RunningNorm running(Layer.BatchNorm norm, Stage stage) {
        return new RunningNorm(norm, network.parameters(stage.index()), network.statistics(stage.index()));
    }

    /// With the border that the next stage reads around them.
    private Planes planes(Shape shape) {
        int padding = !left.isEmpty() && left.getFirst().layer() instanceof Layer.Conv reader ? reader.padding() : 0;
        return memory.planes(shape, padding, padding, 1);
    }

    int workers() {
        return workers;
    }

    int classes() {
        return logits.shape.channels();
    }

    /// Takes over one worker's share of a model's numbers, which may change between evaluations. All shares have to be
    /// taken before the first [#run].
    void pack(Weights weights, int worker, int workers) {
        for (int i = worker; i < operations.size(); i += workers) {
            operations.get(i).pack(weights);
        }
    }

    /// As many images as a block holds. Lanes beyond the last image hold it once more.
    ///
    /// @param to `[images][classes]`, of the whole dataset
    void run(Dataset dataset, int from, int worker, float[] to) {
        for (int lane = 0; lane < COUNT; lane++) {
            batch.images[worker * COUNT + lane] = Math.min(from + lane, dataset.count() - 1);
        }
        loader.run(dataset, worker);
        for (Operation operation : operations) {
            operation.run(worker);
        }
        for (int lane = 0; lane < Math.min(COUNT, dataset.count() - from); lane++) {
            for (int k = 0; k < classes(); k++) {
                to[(from + lane) * classes() + k] = logits.data[logits.row(worker, k, 0) + lane];
            }
        }
    }
}
