package io.mnist20k.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Small kernels that exist to be launched by tests.
final class ProbeKernels {
    static final KernelSources SOURCES = new KernelSources("probe.cu", text(), Map.of(), List.of("--std=c++17"));

    private ProbeKernels() {}

    static KernelModule load(Gpu gpu) {
        return KernelModule.load(gpu, null, SOURCES);
    }

    private static String text() {
        try {
            return Files.readString(Path.of("native", "test", "probe.cu"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
