package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudaException;
import io.mnist20k.cuda.CudaGraph;
import io.mnist20k.cuda.Owner;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Work of one kind, captured once and replayed. Addresses are frozen in a graph: who changes one forgets the graphs.
final class Graphs implements AutoCloseable {
    private final Device device;
    private final Map<Integer, CudaGraph> graphs = new HashMap<>();
    private boolean captures;

    /// @param captures whether anything is captured at all
    Graphs(Device device, boolean captures) {
        this.device = device;
        this.captures = captures;
    }

    /// The graph of so many repetitions of the work, captured where that has not been done. Nothing runs in a
    /// capture: what fails there fails again outside of it, unless the capture was the reason, as where the driver
    /// cannot capture what a library does, or has no memory for the graph.
    ///
    /// @return null, now and from then on, where the work could not be captured
    @Nullable
    CudaGraph of(int repetitions, Runnable work) {
        CudaGraph known = graphs.get(repetitions);
        if (known != null || !captures) {
            return known;
        }
        try {
            CudaGraph graph = device.gpu.capture(() -> {
                for (int i = 0; i < repetitions; i++) {
                    work.run();
                }
            });
            graphs.put(repetitions, graph);
            return graph;
        } catch (CudaException failure) {
            captures = false;
            device.couldNotCapture(failure);
            return null;
        }
    }

    void forget() {
        try (var forgotten = new Owner()) {
            graphs.values().forEach(forgotten::own);
            graphs.clear();
        }
    }

    @Override
    public void close() {
        forget();
    }
}
