package io.mnist20k.cuda;

/// cuBLAS at work for one GPU, on its stream, with a workspace of its own: calls can be captured, and give
/// the same bits every time.
public final class CublasHandle extends NativeObject {
    // What NVIDIA recommends for Hopper; older GPUs are content with 4 MiB.
    private static final long WORKSPACE_BYTES = 32L << 20;

    private final Owner owner = new Owner();

    /// @param tf32 whether products of single precision may round their factors to TF32
    public CublasHandle(Gpu gpu, boolean tf32) {
        super("cuBLAS handle", Cublas::create, Cublas::destroy);
        configure(() -> {
            DeviceBuffer workspace = owner.own(new DeviceBuffer(gpu, WORKSPACE_BYTES));
            // Setting the stream takes the workspace away again, so it goes first.
            Cublas.setStream(handle(), gpu.stream());
            Cublas.setWorkspace(handle(), workspace.address(), WORKSPACE_BYTES);
            Cublas.setMathMode(handle(), tf32);
            Cublas.setAtomicsNotAllowed(handle());
        });
    }

    @Override
    public void close() {
        try {
            super.close();
        } finally {
            owner.close();
        }
    }
}
