package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudaGraph;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Owner;
import io.mnist20k.cuda.PinnedBuffer;
import io.mnist20k.data.Dataset;
import org.jspecify.annotations.Nullable;

/// Passes of a whole dataset through the model of the moment. A pass over other images than the one before is launched
/// piece by piece, which is also when libraries set themselves up; from the second on, passes over the same are one
/// graph.
final class Inference implements AutoCloseable {
    /// A graph takes memory for each of its launches, so more batches than this are launched piece by piece: all of
    /// MNIST's 60,000 images in batches of 64 are 938.
    private static final int MOST_BATCHES_OF_A_GRAPH = 1_000;

    private final Device device;
    private final Program program;
    private final DeviceBuffer memory;
    private final int batch;
    private final int classes;
    private final Owner owner = new Owner();
    private final Held<DeviceImages> images = owner.own(new Held<>());
    private final Held<PinnedBuffer> results = owner.own(new Held<>());
    private final Graphs graphs;
    private @Nullable Addresses last;

    /// What a pass, and so its graph, uses beside the session's own memory.
    private record Addresses(long images, int count, PinnedBuffer results, long workspace) {}

    /// @param memory   of the program
    /// @param captures whether anything is captured at all
    Inference(Device device, Program program, DeviceBuffer memory, int batch, int classes, boolean captures) {
        this.device = device;
        this.program = program;
        this.memory = memory;
        this.batch = batch;
        this.classes = classes;
        graphs = owner.own(new Graphs(device, captures));
    }

    /// @param step laid out for whole batches
    /// @return `[count, classes]`, once all is done
    float[] logits(Dataset dataset, Step step) {
        float[] logits = new float[dataset.count() * classes];
        long bytes = (long) logits.length * Float.BYTES;
        DeviceImages images = this.images.get(held -> held.areOf(dataset), () -> new DeviceImages(device.gpu, dataset));
        PinnedBuffer results = this.results.get(held -> held.bytes() >= bytes, () -> new PinnedBuffer(bytes));
        Runnable pass = () -> queue(step, images, dataset.count(), results);
        CudaGraph graph =
                graph(new Addresses(images.pixels(), dataset.count(), results, device.workspace.address()), pass);
        if (graph != null) {
            graph.launch();
        } else {
            pass.run();
        }
        device.gpu.synchronize();
        results.view().asFloatBuffer().get(logits);
        return logits;
    }

    private @Nullable CudaGraph graph(Addresses addresses, Runnable pass) {
        if (!addresses.equals(last)) {
            graphs.forget();
            last = addresses;
            return null;
        }
        return Math.ceilDiv(addresses.count, batch) > MOST_BATCHES_OF_A_GRAPH ? null : graphs.of(1, pass);
    }

    private void queue(Step step, DeviceImages images, int count, PinnedBuffer results) {
        program.beginEvaluation(memory);
        long row = (long) classes * Float.BYTES;
        for (int from = 0; from < count; from += batch) {
            int samples = Math.min(batch, count - from);
            step.evaluate(images, from, samples);
            memory.copyTo(results, from * row, program.evaluatedLogits().offset(), samples * row);
        }
    }

    @Override
    public void close() {
        owner.close();
    }
}
