package io.mnist20k.check;

import io.mnist20k.files.Reason;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.train.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What is measured, and how long each takes.
///
/// @param data  the dataset's folder; empty for the cache
/// @param quick a few seconds each, on a little of the dataset: to try the check, not to quote it
public record Plan(String data, boolean quick) {
    /// What the default recipe has to reach.
    static final double REQUIRED = 0.994;

    private static final List<Integer> BATCHES = List.of(64, 128, 256, 512, 1024, 2048, 4096);
    private static final int ROUNDS = 3;
    static final int QUICK_IMAGES = 512;
    private static final String DURATION = "gpu__time_duration.sum";
    private static final JsonMapper JSON = JsonMapper.shared();

    List<Part> parts(Processes processes) {
        var tests = new GpuTests(processes, data);
        var speeds = new Speeds();
        var parts = new ArrayList<Part>();
        parts.add(new Part(
                "doctor",
                () -> processes.program("doctor", List.of("doctor", "--json")).json()));
        parts.add(new Part("tests", tests::run));
        for (Kernels kernels : kernels()) {
            parts.add(new Part("training" + by(kernels), () -> training(processes, kernels)));
            parts.add(new Part("same bits" + by(kernels), () -> sameBits(processes, kernels)));
            parts.add(new Part("warm" + by(kernels), () -> measure(processes, "warm" + by(kernels))));
        }
        parts.add(new Part("sanitizer", () -> tests.sanitize(quick ? List.of("memcheck") : GpuTests.TOOLS)));
        parts.add(new Part("peers", () -> new Peers(processes, this, speeds).compare(quick ? 1 : ROUNDS)));
        parts.add(new Part("batches", () -> batches(processes, speeds)));
        parts.add(new Part("floor", () -> speeds.overFloor(measure(processes, "floor"))));
        for (Kernels kernels : kernels()) {
            parts.add(new Part("step" + by(kernels), () -> measure(processes, "step" + by(kernels))));
        }
        parts.add(new Part("launches", () -> measure(processes, "launches")));
        parts.add(new Part("ncu", () -> profile(processes)));
        return List.copyOf(parts);
    }

    /// The fastest first.
    private List<Kernels> kernels() {
        return quick ? List.of(Kernels.FUSED) : List.of(Kernels.FUSED, Kernels.CUDNN);
    }

    private static String by(Kernels kernels) {
        return kernels == Kernels.CUDNN ? " by cuDNN" : "";
    }

    /// A measurement of this program's own, in a process of its own: a fault of a library takes nothing else with it.
    private JsonNode measure(Processes processes, String name) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("gpu-check", "--measure", name));
        command.addAll(dataOption());
        if (quick) {
            command.add("--quick");
        }
        return processes.program(name, command).json();
    }

    /// NVIDIA's own profile of some hundred kernels, kept as it prints it.
    private Object profile(Processes processes) throws IOException, InterruptedException {
        Path profiler = processes
                .find("ncu")
                .orElseThrow(() -> new Part.Skipped("ncu is not on the PATH; NVIDIA's CUDA toolkit has it"));
        var command = new ArrayList<>(List.of(
                profiler.toString(),
                "--csv",
                "--metrics=" + DURATION,
                "--clock-control=none", // at the rates, and with the caches, of training
                "--cache-control=none",
                "--launch-skip=500",
                "--launch-count=500"));
        command.addAll(processes.java("-jar", processes.jar().toString()));
        command.addAll(List.of("train", "--device", "cuda", "--epochs", "1", "--limit", "5120", "--quiet"));
        command.add("--set=engine.kernels=" + Kernels.FUSED.type());
        command.addAll(List.of("--out", processes.out().resolve("ncu").toString()));
        command.addAll(dataOption());
        return profiled(processes.run("ncu", command));
    }

    /// @throws Part.Skipped where this user may not profile
    /// @throws Part.Failed  where nothing was profiled
    static Map<String, Object> profiled(Processes.Ended ended) {
        if ((ended.output() + ended.messages()).contains("ERR_NVGPUCTRPERM")) {
            throw new Part.Skipped("the driver lets only administrators profile; run as root, or load its module with"
                    + " NVreg_RestrictProfilingToAdminUsers=0");
        }
        long kernels =
                ended.output().lines().filter(line -> line.contains(DURATION)).count();
        if (ended.exitCode() != 0 || kernels == 0) {
            throw new Part.Failed(
                    "ncu profiled " + kernels + " kernels and ended with " + ended.exitCode() + ": "
                            + ended.lastWords(),
                    Map.of());
        }
        return Map.of("profile", "ncu.out", "kernels", kernels);
    }

    private List<String> dataOption() {
        return data.isEmpty() ? List.of() : List.of("--data", data);
    }

    /// A training on the GPU.
    ///
    /// @param run the run directory, in the folder of the results
    /// @return what `train --json` prints
    JsonNode train(Processes processes, String run, Kernels kernels, List<String> options)
            throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("train", "--device", "cuda", "--json", "--quiet"));
        command.add("--set=engine.kernels=" + kernels.type());
        command.addAll(List.of("--out", processes.out().resolve(run).toString()));
        command.addAll(dataOption());
        if (quick) {
            command.addAll(List.of("--limit", Integer.toString(QUICK_IMAGES)));
        }
        command.addAll(options);
        return processes.program(run, command).json();
    }

    /// Images a second of each epoch but the first, in which libraries set themselves up.
    static double[] speeds(Processes processes, String run) {
        return epochs(processes, run).stream()
                .skip(1)
                .mapToDouble(epoch -> epoch.get("imagesPerSecond").doubleValue())
                .toArray();
    }

    private static List<JsonNode> epochs(Processes processes, String run) {
        Path metrics = processes.out().resolve(run).resolve(RunDirectory.METRICS);
        try {
            return Files.readAllLines(metrics).stream().map(JSON::readTree).toList();
        } catch (IOException e) {
            throw new Part.Failed("cannot read " + metrics + ": " + Reason.of(e), Map.of());
        }
    }

    static double median(double[] values) {
        double[] sorted = DoubleStream.of(values).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// The default recipe, from the start of a process to its end.
    private Object training(Processes processes, Kernels kernels) throws IOException, InterruptedException {
        String run = "training-" + kernels.type();
        JsonNode answer = train(processes, run, kernels, quick ? List.of("--epochs", "2") : List.of());
        return judged(answer, epochs(processes, run), quick ? 0 : REQUIRED);
    }

    /// What counts of a training.
    ///
    /// @param answer   what `train --json` printed
    /// @param epochs   the lines of its metrics
    /// @param required of its final accuracy
    /// @throws Part.Failed where it is less accurate than that
    static Map<String, Object> judged(JsonNode answer, List<JsonNode> epochs, double required) {
        var measured = new LinkedHashMap<String, Object>();
        for (String key : List.of(
                "deviceName",
                "epochs",
                "finalAccuracy",
                "finalLoss",
                "trainSeconds",
                "totalSeconds",
                "imagesPerSecond")) {
            measured.put(key, answer.get(key));
        }
        double seconds = answer.get("totalSeconds").doubleValue()
                - answer.get("trainSeconds").doubleValue();
        for (JsonNode epoch : epochs) {
            seconds += epoch.get("seconds").doubleValue();
            if (epoch.get("validationAccuracy").doubleValue() >= REQUIRED) {
                measured.put("secondsTo994Cold", seconds);
                measured.put("epochsTo994", epoch.get("epoch"));
                break;
            }
        }
        double accuracy = answer.get("finalAccuracy").doubleValue();
        if (accuracy < required) {
            throw new Part.Failed("the accuracy is " + accuracy + ", below the required " + required, measured);
        }
        return measured;
    }

    /// Two trainings with one seed.
    private Object sameBits(Processes processes, Kernels kernels) throws IOException, InterruptedException {
        List<String> options = quick ? List.of("--epochs", "2") : List.of();
        var models = new ArrayList<Path>();
        for (String run : List.of("bits-1-" + kernels.type(), "bits-2-" + kernels.type())) {
            train(processes, run, kernels, options);
            models.add(processes.out().resolve(run).resolve(RunDirectory.MODEL));
        }
        long differs = Files.mismatch(models.getFirst(), models.getLast());
        if (differs >= 0) {
            throw new Part.Failed(
                    "two trainings with the same seed gave models that differ from byte " + differs + " on",
                    Map.of("equal", false, "firstDifference", differs));
        }
        return Map.of("equal", true);
    }

    /// Training speed for each size of a batch.
    private Object batches(Processes processes, Speeds speeds) throws IOException, InterruptedException {
        var measured = new LinkedHashMap<String, Object>();
        boolean failed = false;
        for (int batch : quick ? BATCHES.subList(0, 2) : BATCHES) {
            String run = "batch-" + batch;
            String what = "images/s in batches of " + batch;
            List<String> options = List.of("--epochs", quick ? "2" : "4", "--batch", Integer.toString(batch));
            try {
                train(processes, run, Kernels.FUSED, options);
                double speed = median(speeds(processes, run));
                speeds.add("batches of " + batch, batch, speed);
                measured.put(what, speed);
            } catch (Part.Failed failure) {
                failed = true;
                measured.put(what, "not measured: " + failure.getMessage());
            }
        }
        if (failed) {
            throw new Part.Failed("not every batch size could be measured", measured);
        }
        return measured;
    }
}
