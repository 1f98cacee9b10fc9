package io.mnist20k.engine.cuda;

import io.mnist20k.data.MnistFolder;
import io.mnist20k.engine.Engine;
import java.nio.file.Path;

/// Engines as only tests want them.
public final class CudaEngines {
    private CudaEngines() {}

    /// Launches every step piece by piece.
    public static Engine withoutGraphs() {
        return new CudaEngine(0, "launched piece by piece", false);
    }

    /// Where the engine keeps which algorithms it chose.
    public static Path algorithmFile() {
        return MnistFolder.cachePath().resolve(Algorithms.FILE_NAME);
    }
}
