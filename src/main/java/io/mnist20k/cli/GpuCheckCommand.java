package io.mnist20k.cli;

import io.mnist20k.UserError;
import io.mnist20k.Version;
import io.mnist20k.check.GpuCheck;
import io.mnist20k.check.Measurement;
import io.mnist20k.check.Plan;
import io.mnist20k.engine.Availability;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.EngineProvider;
import io.mnist20k.train.RunDirectory;
import java.io.PrintWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "gpu-check",
        description = {
            "Tests this machine's GPU and measures training on it: doctor, the tests for a GPU, a full training, the same"
                    + " seed twice, a training without start-up, NVIDIA's sanitizer, PyTorch, batch sizes, the card's"
                    + " limits, a step piece by piece, the cost of a launch and NVIDIA's profiler.",
            "Rewrites gpu-check.json and gpu-check.md after each part, so that a stopped check keeps its results. Takes"
                    + " some minutes."
        })
final class GpuCheckCommand implements Callable<Integer> {
    @Mixin
    private DataOptions data = new DataOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            converter = OptionValues.FilePath.class,
            description = "Where results and logs go. Default: a new folder in gpu-check/.")
    private @Nullable Path out;

    @Option(
            names = "--quick",
            description =
                    "A little of each part, to try the check; asserts no accuracy. The software CUDA device can do"
                            + " no more.")
    private boolean quick;

    /// One measurement alone, as JSON; how the check calls itself.
    @Option(names = "--measure", hidden = true)
    private @Nullable String measurement;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (measurement != null) {
            Json.print(spec.commandLine().getOut(), new Measurement(data.open().load(), quick).of(measurement, jar()));
            return ExitCode.OK;
        }
        var about = new LinkedHashMap<String, Object>();
        about.put("program", "mnist20k " + Version.ofProgram());
        about.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        about.putAll(device());
        about.put("quick", quick);
        data.open().load(); // before anything is timed, since it may be fetched
        Path folder = data.folder();
        var plan = new Plan(folder == null ? "" : folder.toAbsolutePath().toString(), quick);
        Path results = out != null ? out : Path.of("gpu-check", RunDirectory.stamp());
        var check = new GpuCheck(results.toAbsolutePath().normalize(), jar(), plan, about);
        PrintWriter lines = spec.commandLine().getOut();
        try (var stop = new StopRequest(spec.commandLine().getErr())) {
            return run(check, stop, lines);
        }
    }

    /// @return the exit code
    static int run(GpuCheck check, StopRequest stop, PrintWriter lines) {
        boolean passed = check.run(stop, lines::println);
        lines.println("results: " + check.json() + " and " + check.table());
        return stop.getAsBoolean() ? stop.exitCode() : passed ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /// @throws UserError where there is no GPU to check
    private Map<String, String> device() {
        EngineProvider cuda = Devices.providers().stream()
                .filter(provider -> provider.name().equals("cuda"))
                .findFirst()
                .orElseThrow();
        return switch (cuda.probe()) {
            case Availability.Ready(String name, Map<String, String> findings) -> about(name, findings);
            case Availability.OnRequest(String name, String reservation, Map<String, String> findings) -> {
                if (!quick) {
                    throw new UserError("gpu-check needs an NVIDIA GPU, and this is the " + name + ": " + reservation
                            + "; --quick tries the check on it");
                }
                yield about(name, findings);
            }
            case Availability.Missing missing ->
                throw new UserError("gpu-check needs an NVIDIA GPU that training can use: "
                        + String.join(", and ", missing.reasons()));
        };
    }

    private static Map<String, String> about(String name, Map<String, String> findings) {
        var about = new LinkedHashMap<String, String>();
        about.put("device", name);
        about.putAll(findings);
        return about;
    }

    private static Path jar() {
        try {
            return Path.of(Program.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError("a class has a place", e);
        }
    }
}
