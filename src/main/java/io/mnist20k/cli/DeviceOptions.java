package io.mnist20k.cli;

import io.mnist20k.engine.Devices;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What computes.
final class DeviceOptions {
    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = OptionValues.Device.class,
            description =
                    "auto (the fastest one here), cuda, cpu or reference (plain and slow); one that is named is never"
                            + " replaced by another. Default: auto.")
    private @Nullable String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = OptionValues.Threads.class,
            description = "Threads of a device that computes on the CPU; the result does not depend on it."
                    + " Default: all processors.")
    private int threads = Runtime.getRuntime().availableProcessors();

    Devices.Choice choose() {
        return choose("auto");
    }

    /// @param otherwise the device where none is named
    Devices.Choice choose(String otherwise) {
        return Devices.choose(device != null ? device : otherwise, threads);
    }
}
