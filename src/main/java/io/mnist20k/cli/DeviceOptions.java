package io.mnist20k.cli;

import io.mnist20k.UserError;
import io.mnist20k.engine.Devices;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What computes.
final class DeviceOptions {
    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = OptionValues.Device.class,
            description = "auto (the fastest one here), cuda, cpu or reference (plain and slow); a named one is never"
                    + " replaced. Default: auto.")
    private @Nullable String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = OptionValues.Threads.class,
            description = "Threads of a device that computes on the CPU; they change its speed and no bit of a result."
                    + " Default: all processors.")
    private int threads = Runtime.getRuntime().availableProcessors();

    int threads() {
        return threads;
    }

    Devices.Choice choose() {
        return choose("auto");
    }

    /// @param otherwise the device where none is named
    Devices.Choice choose(String otherwise) {
        return Devices.choose(device != null ? device : otherwise, threads);
    }

    /// The device that a run was on, where none is named.
    Devices.Choice chooseAgain(String before) {
        try {
            return choose(before);
        } catch (UserError e) {
            if (device != null) {
                throw e;
            }
            throw new UserError(
                    e.getMessage() + "; the run was on this device; to resume it on another, though to other bits,"
                            + " name that with --device",
                    e);
        }
    }

    /// A device for several runs side by side.
    ///
    /// @param atATime how many of them
    record ForRuns(Devices.Choice choice, int atATime) {}

    /// Processors do most when each has a run to itself, and then in pairs, and so on; a GPU when it has one run.
    ForRuns chooseForRuns(int runs) {
        int atATime = Math.clamp(runs, 1, threads);
        Devices.Choice choice = Devices.choose(device != null ? device : "auto", threads / atATime);
        return new ForRuns(choice, choice.engine().name().equals("cuda") ? 1 : atATime);
    }
}
