package io.mnist20k.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/// Small kernels that exist to be launched by tests.
final class ProbeKernels {
    static final KernelSources SOURCES = new KernelSources("probe.cu", text(), Map.of());

    private ProbeKernels() {}

    static KernelModule load(Gpu gpu) {
        return KernelModule.load(gpu, null, SOURCES);
    }

    private static String text() {
        try (InputStream in = ProbeKernels.class.getResourceAsStream("probe.cu")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
