package io.mnist20k.cuda;

import io.mnist20k.UserError;
import java.util.List;
import java.util.stream.IntStream;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;

/// One GPU in use: its primary context, which is the one that NVIDIA's libraries use too, and one stream on
/// which everything is queued in order. Everything made for a GPU is closed before it.
///
/// A context belongs to a thread: [#makeCurrent] goes before the first call of each thread.
public final class Gpu implements AutoCloseable {
    /// What the driver says of a GPU without opening it.
    ///
    /// @param ordinal         the driver's number, from 0
    /// @param major           of the compute capability
    /// @param minor           of the compute capability
    /// @param memoryBytes     all of its memory
    /// @param multiprocessors how many blocks of threads it runs side by side, at least
    /// @param sharedBytes     the most shared memory that a block can have
    public record Description(
            int ordinal, String name, int major, int minor, long memoryBytes, int multiprocessors, int sharedBytes) {}

    private final Description description;
    private final Owner owner = new Owner();
    private final NativeObject context;
    private final NativeObject stream;

    /// Opens a GPU and makes it current.
    ///
    /// @param ordinal the driver's number, from 0
    /// @throws UserError where there is no driver
    public Gpu(int ordinal) {
        CudaDriver.FUNCTIONS.requireComplete();
        CudaDriver.init();
        int device = CudaDriver.deviceGet(ordinal);
        description = describe(ordinal);
        try {
            context = owner.own(new PrimaryContext(device));
            CudaDriver.ctxSetCurrent(context.handle());
            stream = owner.own(new Stream());
        } catch (RuntimeException | Error failure) {
            owner.closeAfter(failure);
            throw failure;
        }
    }

    /// The GPUs that the driver shows to this process.
    ///
    /// @throws UserError     where there is no driver
    /// @throws CudaException where the driver finds no GPU or does not work
    public static List<Description> all() {
        CudaDriver.FUNCTIONS.requireComplete();
        CudaDriver.init();
        return IntStream.range(0, CudaDriver.deviceGetCount())
                .mapToObj(Gpu::describe)
                .toList();
    }

    /// The newest CUDA that the driver supports, `1000·major + 10·minor`.
    ///
    /// @throws UserError where there is no driver
    public static int driverVersion() {
        return CudaDriver.driverGetVersion();
    }

    public Description description() {
        return description;
    }

    /// Makes this GPU the one that the calling thread's calls go to.
    public void makeCurrent() {
        CudaDriver.ctxSetCurrent(context.handle());
    }

    /// Waits until everything queued so far is done. Failures of what was queued appear here.
    public void synchronize() {
        CudaDriver.streamSynchronize(stream());
    }

    /// Records what `work` queues instead of running it. Memory, modules and handles cannot be made
    /// meanwhile, and no wait is possible.
    ///
    /// @return what was recorded, with the addresses and values of now, ready to be launched
    /// @throws CudaException with the failure of ending the recording as suppressed, where `work` broke it
    public CudaGraph capture(Runnable work) {
        CudaDriver.streamBeginCapture(stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
        try {
            work.run();
        } catch (RuntimeException | Error failure) {
            try {
                destroyGraph(CudaDriver.streamEndCapture(stream()));
            } catch (CudaException second) {
                failure.addSuppressed(second);
            }
            throw failure;
        }
        return CudaGraph.of(this, CudaDriver.streamEndCapture(stream()));
    }

    private static void destroyGraph(long graph) {
        if (graph != 0) {
            CudaDriver.graphDestroy(graph);
        }
    }

    /// The stream of everything that this GPU is given to do.
    long stream() {
        return stream.handle();
    }

    @Override
    public String toString() {
        return description.name();
    }

    @Override
    public void close() {
        owner.close();
    }

    private static Description describe(int ordinal) {
        int device = CudaDriver.deviceGet(ordinal);
        return new Description(
                ordinal,
                CudaDriver.deviceGetName(device),
                CudaDriver.deviceGetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
                CudaDriver.deviceGetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device),
                CudaDriver.deviceTotalMem(device),
                CudaDriver.deviceGetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device),
                CudaDriver.deviceGetAttribute(
                        CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device));
    }

    private static final class PrimaryContext extends NativeObject {
        PrimaryContext(int device) {
            super(
                    "primary context",
                    () -> CudaDriver.primaryCtxRetain(device),
                    _ -> CudaDriver.primaryCtxRelease(device));
        }
    }

    // Non-blocking: nothing here waits for the stream 0 of anything else in the process.
    private static final class Stream extends NativeObject {
        Stream() {
            super(
                    "stream",
                    () -> CudaDriver.streamCreate(CUstream_flags.CU_STREAM_NON_BLOCKING),
                    CudaDriver::streamDestroy);
        }
    }
}
