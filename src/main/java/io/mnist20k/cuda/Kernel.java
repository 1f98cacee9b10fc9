package io.mnist20k.cuda;

import java.util.List;
import java.util.Optional;
import jcuda.driver.CUfunction_attribute;

/// A kernel of a [KernelModule], usable for as long as that is open.
public final class Kernel {
    /// What every launch may ask for.
    private static final int USUAL_SHARED_BYTES = 48 << 10;

    private final Gpu gpu;
    private final String name;
    private final long function;
    private final KernelModule module;
    private final Optional<List<Integer>> parameterBytes;
    private int allowedShared = USUAL_SHARED_BYTES;

    Kernel(Gpu gpu, String name, long function, KernelModule module) {
        this.gpu = gpu;
        this.name = name;
        this.function = function;
        this.module = module;
        this.parameterBytes = CudaDriver.funcGetParameterBytes(function);
    }

    public String name() {
        return name;
    }

    /// Lays out a launch, to be run as often as wanted. The parameters are in the kernel's order, and their
    /// types give their widths: [DeviceBuffer] (its address), `Long` (an address or `long long`) and `Double`
    /// 8 bytes, `Integer` and `Float` 4, `Byte` 1. Where the driver tells the kernel's own widths they are
    /// compared.
    ///
    /// @param grid  how many blocks
    /// @param block how many threads a block
    /// @throws IllegalArgumentException naming the parameter whose width is not the kernel's
    public KernelLaunch prepare(int grid, int block, Object... parameters) {
        return prepare(new LaunchShape(grid, 1, block), parameters);
    }

    /// The same with a grid of two dimensions.
    public KernelLaunch prepare(LaunchShape shape, Object... parameters) {
        return new KernelLaunch(this, shape, List.of(parameters));
    }

    /// The compute capability that its code was written for, `10·major + minor`: less than the GPU's where the driver
    /// compiled it from PTX for older ones.
    public int architecture() {
        return CudaDriver.funcGetAttribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_PTX_VERSION);
    }

    /// Makes launches possible that ask for so much shared memory.
    void allowShared(int bytes) {
        if (bytes > allowedShared) {
            CudaDriver.funcSetAttribute(
                    function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
            allowedShared = bytes;
        }
    }

    Gpu gpu() {
        return gpu;
    }

    long function() {
        return function;
    }

    KernelModule module() {
        return module;
    }

    /// The bytes of each parameter as the driver tells them; older drivers do not.
    Optional<List<Integer>> parameterBytes() {
        return parameterBytes;
    }
}
