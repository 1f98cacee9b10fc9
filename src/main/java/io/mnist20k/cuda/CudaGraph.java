package io.mnist20k.cuda;

/// Work recorded by [Gpu#capture], launched as a whole.
public final class CudaGraph extends NativeObject {
    private final Gpu gpu;

    private CudaGraph(Gpu gpu, NativeObject recording) {
        super("graph", () -> CudaDriver.graphInstantiate(recording.handle()), CudaDriver::graphExecDestroy);
        this.gpu = gpu;
        configure(() -> CudaDriver.graphUpload(handle(), gpu.stream()));
    }

    /// @param graph what was recorded, freed here in any case
    static CudaGraph of(Gpu gpu, long graph) {
        Owner owner = new Owner();
        Recording recording = owner.own(new Recording(graph));
        try {
            CudaGraph executable = new CudaGraph(gpu, recording);
            executable.configure(owner::close);
            return executable;
        } catch (RuntimeException | Error failure) {
            owner.closeAfter(failure);
            throw failure;
        }
    }

    /// Queues the recorded work once.
    public void launch() {
        CudaDriver.graphLaunch(handle(), gpu.stream());
    }

    /// A graph that is not executable yet.
    private static final class Recording extends NativeObject {
        Recording(long graph) {
            super("recording", () -> graph, CudaDriver::graphDestroy);
        }
    }
}
