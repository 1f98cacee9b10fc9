package io.mnist20k.cuda;

import io.mnist20k.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUresult;
import org.jspecify.annotations.Nullable;

/// Kernels in the memory of a GPU, by name.
public final class KernelModule extends NativeObject {
    /// What the driver says of an image that another GPU or another driver could load.
    private static final Set<Integer> NOT_FOR_THIS_GPU = Set.of(
            CUresult.CUDA_ERROR_INVALID_IMAGE,
            CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
            CUresult.CUDA_ERROR_INVALID_PTX,
            CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
            // The image has PTX only for this GPU, and the driver's compiler is not installed or forbidden.
            CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND,
            CUresult.CUDA_ERROR_JIT_COMPILATION_DISABLED);

    /// Where the kernels came from.
    public enum Origin {
        /// The image that was given.
        IMAGE,
        /// The sources, compiled for this GPU by NVRTC.
        SOURCES
    }

    private final Gpu gpu;
    private final Origin origin;
    private final Arena lifetime = Arena.ofShared();

    private KernelModule(Gpu gpu, Origin origin, byte[] image) {
        super("kernel module", () -> loadData(image), CudaDriver::moduleUnload);
        this.gpu = gpu;
        this.origin = origin;
    }

    /// Loads the image where it fits this GPU and its driver, else compiles the sources for it.
    ///
    /// @param image   cubin, fatbin or PTX; null where there is none
    /// @param sources the same kernels as text
    /// @throws UserError     where neither works, with the reasons of both
    /// @throws CudaException where the driver fails otherwise
    public static KernelModule load(Gpu gpu, byte @Nullable [] image, KernelSources sources) {
        List<String> reasons = new ArrayList<>();
        try {
            if (image == null) {
                reasons.add("no compiled kernels came with this program");
            } else {
                return new KernelModule(gpu, Origin.IMAGE, image);
            }
        } catch (CudaException refusal) {
            reasons.add("the compiled kernels do not fit (" + unfit(refusal).getMessage() + ")");
        }
        try {
            return new KernelModule(gpu, Origin.SOURCES, compile(gpu, sources));
        } catch (UserError failure) {
            reasons.add(failure.getMessage());
        } catch (CudaException refusal) {
            reasons.add("what NVRTC " + Nvrtc.version() + " made does not fit ("
                    + unfit(refusal).getMessage() + ")");
        }
        Gpu.Description device = gpu.description();
        throw new UserError("cannot load " + sources.name() + " on " + device.name() + " (compute capability "
                + device.major() + "." + device.minor() + "): " + String.join(", and ", reasons)
                + "; update NVIDIA's driver, or install an NVRTC that it supports");
    }

    /// @throws UserError whatever the reason is
    private static byte[] compile(Gpu gpu, KernelSources sources) {
        try {
            return sources.compile(gpu);
        } catch (CudaException failure) {
            throw new UserError(failure.getMessage(), failure);
        }
    }

    /// @throws CudaException the same, where it does not say that the image is for another GPU or driver
    private static CudaException unfit(CudaException refusal) {
        if (!NOT_FOR_THIS_GPU.contains(refusal.status())) {
            throw refusal;
        }
        return refusal;
    }

    public Origin origin() {
        return origin;
    }

    /// @param name of an `extern "C" __global__` function
    /// @throws CudaException where the module has no such kernel
    public Kernel kernel(String name) {
        return new Kernel(gpu, name, CudaDriver.moduleGetFunction(handle(), name), this);
    }

    @Override
    public void close() {
        if (lifetime.scope().isAlive()) {
            lifetime.close();
        }
        super.close();
    }

    /// Where launches of this module's kernels keep their parameters.
    Arena lifetime() {
        return lifetime;
    }

    private static long loadData(byte[] image) {
        try (Arena arena = Arena.ofConfined()) {
            // PTX is text that ends in a 0; behind a binary the 0 is harmless.
            MemorySegment copy = arena.allocate(image.length + 1L, 16);
            MemorySegment.copy(MemorySegment.ofArray(image), 0, copy, 0, image.length);
            return CudaDriver.moduleLoadData(copy);
        }
    }
}
