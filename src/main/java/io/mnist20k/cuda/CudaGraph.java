package io.mnist20k.cuda;

/// Work recorded by [Gpu#capture], launched as a whole.
public final class CudaGraph extends NativeObject {
    private final Gpu gpu;

    /// @param graph what was recorded, freed here in any case
    CudaGraph(Gpu gpu, long graph) {
        super("graph", () -> instantiate(graph), CudaDriver::graphExecDestroy);
        this.gpu = gpu;
        configure(() -> CudaDriver.graphUpload(handle(), gpu.stream()));
    }

    /// Queues the recorded work once.
    public void launch() {
        CudaDriver.graphLaunch(handle(), gpu.stream());
    }

    private static long instantiate(long graph) {
        try (var recorded = new Recording(graph)) {
            return CudaDriver.graphInstantiate(recorded.handle());
        }
    }

    private static final class Recording extends NativeObject {
        Recording(long graph) {
            super("recording", () -> graph, CudaDriver::graphDestroy);
        }
    }
}
