package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// What a library says of its version before anything else is bound: which libraries fit together depends on it.
@SuppressWarnings("restricted")
final class Versions {
    private Versions() {}

    /// A version of CUDA.
    record Cuda(int major, int minor) {
        /// @param number `1000 * major + 10 * minor`
        static Cuda of(long number) {
            return new Cuda((int) (number / 1000), (int) (number % 1000 / 10));
        }

        @Override
        public String toString() {
            return major + "." + minor;
        }
    }

    /// The newest CUDA that the driver supports, the CUDA that cuDNN was built for, or that of NVRTC. Empty where
    /// the library does not say, as for cuBLAS, whose file names do.
    static Optional<Cuda> of(Library library, SymbolLookup symbols) {
        try (Arena call = Arena.ofConfined()) {
            return switch (library) {
                case DRIVER -> ofDriver(symbols, call);
                case CUDNN -> ofCudnn(symbols);
                case CUBLAS -> Optional.empty();
                case NVRTC -> ofNvrtc(symbols, call);
            };
        } catch (Throwable t) {
            throw new AssertionError("the version of " + library.title() + ": descriptor does not fit", t);
        }
    }

    /// `CUresult cuDriverGetVersion(int*)`, which may be called before `cuInit`
    private static Optional<Cuda> ofDriver(SymbolLookup driver, Arena call) throws Throwable {
        Optional<MethodHandle> function =
                function(driver, "cuDriverGetVersion", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        if (function.isEmpty()) {
            return Optional.empty();
        }
        MemorySegment version = call.allocate(JAVA_INT);
        int status = (int) function.get().invokeExact(version);
        return status == 0 ? Optional.of(Cuda.of(version.get(JAVA_INT, 0))) : Optional.empty();
    }

    /// `size_t cudnnGetCudartVersion(void)`
    private static Optional<Cuda> ofCudnn(SymbolLookup cudnn) throws Throwable {
        Optional<MethodHandle> function = function(cudnn, "cudnnGetCudartVersion", FunctionDescriptor.of(JAVA_LONG));
        return function.isEmpty()
                ? Optional.empty()
                : Optional.of(Cuda.of((long) function.get().invokeExact()));
    }

    /// `nvrtcResult nvrtcVersion(int* major, int* minor)`
    private static Optional<Cuda> ofNvrtc(SymbolLookup nvrtc, Arena call) throws Throwable {
        Optional<MethodHandle> function =
                function(nvrtc, "nvrtcVersion", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
        if (function.isEmpty()) {
            return Optional.empty();
        }
        MemorySegment major = call.allocate(JAVA_INT);
        MemorySegment minor = call.allocate(JAVA_INT);
        int status = (int) function.get().invokeExact(major, minor);
        return status == 0 ? Optional.of(new Cuda(major.get(JAVA_INT, 0), minor.get(JAVA_INT, 0))) : Optional.empty();
    }

    private static Optional<MethodHandle> function(SymbolLookup library, String name, FunctionDescriptor descriptor) {
        return library.find(name).map(symbol -> Linker.nativeLinker().downcallHandle(symbol, descriptor));
    }
}
