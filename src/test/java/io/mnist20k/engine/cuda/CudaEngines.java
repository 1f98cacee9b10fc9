package io.mnist20k.engine.cuda;

import io.mnist20k.data.MnistFolder;
import io.mnist20k.engine.Engine;
import io.mnist20k.network.Network;
import java.nio.file.Path;

/// Engines as only tests want them.
public final class CudaEngines {
    private CudaEngines() {}

    /// Launches every step piece by piece.
    public static Engine withoutGraphs() {
        return new CudaEngine(0, "launched piece by piece", false);
    }

    /// Reports so seldom from the start that steps run many to a graph.
    public static Engine withLongGraphs() {
        return new CudaEngine(0, "many steps to a graph", true, 1024);
    }

    /// Whether the kernels of units train it, on a GPU with the shared memory of Hopper.
    public static boolean isOfUnits(Network network) {
        return Units.of(network, 227 << 10).isPresent();
    }

    /// Where the engine keeps which algorithms it chose.
    public static Path algorithmFile() {
        return MnistFolder.cachePath().resolve(Algorithms.FILE_NAME);
    }
}
