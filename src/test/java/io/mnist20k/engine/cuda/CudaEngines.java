package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.Gpu;
import io.mnist20k.data.MnistFolder;
import io.mnist20k.engine.Engine;
import io.mnist20k.network.Network;
import java.nio.file.Path;
import java.util.stream.IntStream;

/// Engines as only tests want them.
public final class CudaEngines {
    private CudaEngines() {}

    /// Launches every step piece by piece.
    public static Engine withoutGraphs() {
        return new CudaEngine(gpu(), false);
    }

    /// Reports so seldom from the start that steps run many to a graph.
    public static Engine withLongGraphs() {
        return new CudaEngine(gpu(), true, 1024);
    }

    /// Has no more shared memory for a block of threads than this.
    public static Engine withSharedMemory(int bytes) {
        Gpu.Description gpu = gpu();
        return new CudaEngine(
                new Gpu.Description(
                        gpu.ordinal(),
                        gpu.name(),
                        gpu.major(),
                        gpu.minor(),
                        gpu.memoryBytes(),
                        gpu.multiprocessors(),
                        Math.min(bytes, gpu.sharedBytes())),
                true);
    }

    /// On a card that is not here.
    public static Engine ofCapability(String name, int major, int minor) {
        return new CudaEngine(older(name, major, minor), true);
    }

    private static Gpu.Description older(String name, int major, int minor) {
        return new Gpu.Description(0, name, major, minor, 16L << 30, 40, 64 << 10);
    }

    /// Whether the GPU that is here trains in bfloat16.
    public static boolean canBf16() {
        return CudaEngine.canBf16(gpu());
    }

    /// Whether one of that compute capability does.
    public static boolean canBf16(int major, int minor) {
        return CudaEngine.canBf16(older("a card", major, minor));
    }

    /// That a block of threads can have here.
    public static int sharedMemory() {
        return gpu().sharedBytes();
    }

    /// The shared memory that the kernels of units take of a block, where they take as little as they can.
    ///
    /// @param network of units
    public static int leastSharedMemory(Network network) {
        if (!isOfUnits(network)) {
            throw new IllegalArgumentException("no network of units");
        }
        int bytes = 0;
        while (UnitNetwork.of(network, bytes).isEmpty()) {
            bytes += 16;
        }
        return bytes;
    }

    private static Gpu.Description gpu() {
        return Gpu.all().getFirst();
    }

    /// Whether weights have to wait for a place in so much memory.
    public static boolean stagesLate(Network network, int bytes) {
        UnitNetwork units = UnitNetwork.of(network, bytes).orElseThrow();
        return IntStream.range(0, units.units().size())
                .anyMatch(i -> units.units().get(i).stagesLate(units.maskBefore(i)));
    }

    /// Whether the kernels of units train it, on a GPU with the shared memory of Hopper.
    public static boolean isOfUnits(Network network) {
        return UnitNetwork.of(network, 227 << 10).isPresent();
    }

    /// Where the engine keeps which algorithms it chose.
    public static Path algorithmFile() {
        return MnistFolder.cachePath().resolve(Algorithms.FILE_NAME);
    }
}
