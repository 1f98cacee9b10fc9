package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudaException;
import io.mnist20k.cuda.CudaGraph;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.Owner;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Work of one kind, captured once and replayed. Addresses are frozen in a graph: who changes one forgets the graphs.
final class Graphs implements AutoCloseable {
    /// `CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED` to `CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD` of `cuda.h`.
    private static final int FIRST_CAPTURE_ERROR = 900;

    private static final int LAST_CAPTURE_ERROR = 908;

    /// `CUDA_ERROR_OUT_OF_MEMORY`
    private static final int OUT_OF_MEMORY = 2;

    private final Gpu gpu;
    private final Map<Integer, CudaGraph> graphs = new HashMap<>();
    private boolean captures;

    /// @param captures whether anything is captured at all
    Graphs(Gpu gpu, boolean captures) {
        this.gpu = gpu;
        this.captures = captures;
    }

    /// The graph of so many repetitions of the work, captured where that has not been done.
    ///
    /// @return null, now and from then on, where the driver cannot capture what a library does, or has no memory
    ///         for the graph
    @Nullable
    CudaGraph of(int repetitions, Runnable work) {
        CudaGraph known = graphs.get(repetitions);
        if (known != null || !captures) {
            return known;
        }
        try {
            CudaGraph graph = gpu.capture(() -> {
                for (int i = 0; i < repetitions; i++) {
                    work.run();
                }
            });
            graphs.put(repetitions, graph);
            return graph;
        } catch (CudaException failure) {
            if (failure.status() != OUT_OF_MEMORY && !isOfCapture(failure)) {
                throw failure;
            }
            captures = false;
            return null;
        }
    }

    /// A library whose call cannot be captured fails in its own words; that it broke the capture tells the end of that,
    /// whose failure is suppressed then.
    private static boolean isOfCapture(CudaException failure) {
        return Stream.concat(Stream.of(failure), Stream.of(failure.getSuppressed()))
                .anyMatch(each -> each instanceof CudaException cuda
                        && cuda.status() >= FIRST_CAPTURE_ERROR
                        && cuda.status() <= LAST_CAPTURE_ERROR);
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
