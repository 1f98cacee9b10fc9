package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CublasHandle;
import io.mnist20k.cuda.CudaException;
import io.mnist20k.cuda.Cudnn;
import io.mnist20k.cuda.CudnnHandle;
import io.mnist20k.cuda.DataType;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.Kernel;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.cuda.KernelModule;
import io.mnist20k.cuda.LaunchShape;
import io.mnist20k.cuda.MathType;
import io.mnist20k.cuda.Owner;
import io.mnist20k.data.MnistFolder;
import io.mnist20k.recipe.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One GPU with what a session needs of NVIDIA's libraries and of this program's kernels.
final class Device implements AutoCloseable {
    static final int THREADS = 256;

    /// Blocks of a launch whose threads stride over their work: many times more than any GPU runs side by side.
    private static final int MOST_BLOCKS = 1 << 16;

    /// Compute capability, and CUDA of the driver, that let launches overlap and capture that in graphs.
    private static final int OVERLAPPING_MAJOR = 9;

    private static final int OVERLAPPING_DRIVER = 12030;

    /// Kernels that were compiled for less do not wait: the driver may compile their PTX for a GPU of 9.0 if it is told
    /// to, by `CUDA_FORCE_PTX_JIT=1`.
    private static final int OVERLAPPING_CODE = 90;

    final Gpu gpu;
    final Workspace workspace;
    private @Nullable CudnnHandle cudnn;
    private @Nullable CublasHandle cublas;
    private @Nullable Algorithms algorithms;
    private final KernelModule module;
    private final Map<String, Kernel> kernels = new HashMap<>();
    private final Precision precision;
    private @Nullable CudaException uncaptured;
    private @Nullable String apart;
    private final Owner owner = new Owner();

    /// @param ordinal the driver's number of the GPU
    Device(int ordinal, Precision precision) {
        this.precision = precision;
        try {
            gpu = owner.own(new Gpu(ordinal));
            module = owner.own(KernelImage.load(gpu));
            workspace = owner.own(new Workspace(gpu));
        } catch (RuntimeException | Error failure) {
            owner.closeAfter(failure);
            throw failure;
        }
    }

    /// Opened when first asked for: that takes a tenth of a second and more, and not every network needs it.
    CudnnHandle cudnn() {
        if (cudnn == null) {
            cudnn = owner.own(new CudnnHandle(gpu));
        }
        return cudnn;
    }

    /// Opened when first asked for, as [#cudnn].
    CublasHandle cublas() {
        if (cublas == null) {
            cublas = owner.own(new CublasHandle(gpu, precision == Precision.TF32));
        }
        return cublas;
    }

    /// Opens what is otherwise opened when first asked for.
    void openLibraries() {
        cudnn();
        cublas();
    }

    Algorithms algorithms() {
        if (algorithms == null) {
            Gpu.Description about = gpu.description();
            algorithms = new Algorithms(
                    MnistFolder.cachePath().resolve(Algorithms.FILE_NAME),
                    "%s, compute capability %s.%s, cuDNN %s"
                            .formatted(about.name(), about.major(), about.minor(), Cudnn.version()));
        }
        return algorithms;
    }

    /// Where the kernels came from, in words.
    String kernelOrigin() {
        return switch (module.origin()) {
            case IMAGE -> "compiled with the program";
            case SOURCES -> "compiled by NVRTC for this GPU";
        };
    }

    /// Of activations, and of the weights that multiply them.
    static DataType typeOf(Precision precision) {
        return precision == Precision.BF16 ? DataType.BFLOAT16 : DataType.FLOAT;
    }

    /// What convolutions may use.
    MathType mathType() {
        return precision == Precision.FP32 ? MathType.FMA : MathType.DEFAULT;
    }

    Precision precision() {
        return precision;
    }

    /// A launch of a kernel whose threads stride over their work.
    ///
    /// @param threads    for one piece of work each
    /// @param parameters as of [#launch]
    KernelLaunch striding(String kernel, long threads, Object... parameters) {
        int blocks = Math.clamp(Math.ceilDiv(threads, THREADS), 1, MOST_BLOCKS);
        return launch(kernel, blocks, 1, THREADS, parameters);
    }

    /// @param parameters of the kernel, in order; what stands in a list is given one by one
    KernelLaunch launch(String kernel, int gridX, int gridY, int threads, Object... parameters) {
        Kernel code = kernels.computeIfAbsent(kernel, module::kernel);
        return prepare(code, new LaunchShape(gridX, gridY, threads), parameters);
    }

    /// A launch with shared memory of its own, of a kernel that itself waits for the launch before: where the GPU can,
    /// its blocks begin while those of that one end.
    ///
    /// @param parameters as of [#launch]
    KernelLaunch launchSharing(String kernel, int blocks, int threads, int sharedBytes, Object... parameters) {
        return launchSharing(true, kernel, blocks, threads, sharedBytes, parameters);
    }

    /// @param overlaps   whether its blocks may begin early: not behind a copy, since within a graph only a kernel has
    ///                   an end to overlap with
    /// @param parameters as of [#launch]
    KernelLaunch launchSharing(
            boolean overlaps, String kernel, int blocks, int threads, int sharedBytes, Object... parameters) {
        Kernel code = kernels.computeIfAbsent(kernel, module::kernel);
        boolean overlapping = overlaps && canOverlap(code);
        return prepare(code, new LaunchShape(blocks, 1, threads, sharedBytes, overlapping), parameters);
    }

    private static KernelLaunch prepare(Kernel code, LaunchShape shape, Object... parameters) {
        Object[] each = Stream.of(parameters)
                .flatMap(parameter -> parameter instanceof List<?> several ? several.stream() : Stream.of(parameter))
                .toArray();
        return code.prepare(shape, each);
    }

    /// Remembers why, where the GPU could and something else cannot.
    private boolean canOverlap(Kernel code) {
        if (gpu.description().major() < OVERLAPPING_MAJOR) {
            return false;
        }
        if (Gpu.driverVersion() < OVERLAPPING_DRIVER) {
            apart = "the driver is for a CUDA older than 12.3";
        } else if (code.architecture() < OVERLAPPING_CODE) {
            apart = "the driver compiled the kernels for GPUs before 9.0";
        }
        return apart == null;
    }

    /// Remembers why something is launched piece by piece, for who asks how this device computes.
    void couldNotCapture(CudaException failure) {
        if (uncaptured == null) {
            uncaptured = failure;
        }
    }

    /// What this device does otherwise than it should, and why: parts of a sentence, each of which begins with a
    /// semicolon.
    String makeshifts() {
        String guessed = algorithms == null ? null : algorithms.unusable();
        return (uncaptured == null ? "" : "; launched piece by piece, since " + uncaptured.getMessage())
                + (apart == null ? "" : "; launched one after the other, since " + apart)
                + (guessed == null ? "" : "; with the algorithms that cuDNN guesses, since " + guessed);
    }

    /// The kernel's name for one type of activations.
    static String kernel(String name, DataType type) {
        return name + (type == DataType.FLOAT ? "_f32" : "_bf16");
    }

    @Override
    public void close() {
        owner.close();
    }
}
