package io.mnist20k.check;

import io.mnist20k.data.MnistFolder;
import io.mnist20k.recipe.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// The same network, batch and undistorted images in PyTorch, in turns with ours.
record Peers(Processes processes, Plan plan, Speeds speedsOfAll) {
    /// Of the default recipe and of the script.
    private static final int BATCH = 128;

    /// `torch.compile` takes a minute and more the first time.
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private static final String OURS = "mnist20k";
    private static final List<String> VARIANTS = List.of("eager", "compile", "graphs", "compile+graphs");
    private static final List<String> UNDISTORTED = List.of(
            "--set=augmentation.rotation=0",
            "--set=augmentation.scale=0",
            "--set=augmentation.shear=0",
            "--set=augmentation.shift=0");

    /// @return images a second of each, the median of the rounds, and how many times the peer's ours is
    Object compare(int rounds) throws IOException, InterruptedException {
        Path script = processes.jar().resolveSibling("check").resolve("pytorch_gpu.py");
        if (!Files.exists(script)) {
            throw new Part.Skipped("there is no " + script + "; make dist puts it there, and into the archive");
        }
        Path python = processes
                .find("python3")
                .orElseThrow(() -> new Part.Skipped("python3 is not on the PATH; install it, with PyTorch for CUDA"));
        Processes.Ended network = processes.program("network", List.of("summary", "--json"));
        var command = new ArrayList<>(List.of(python.toString(), script.toString()));
        command.add(processes.out().resolve("network.out").toString());
        command.add(plan.data().isEmpty() ? MnistFolder.cachePath().toString() : plan.data());
        var speeds = new LinkedHashMap<String, List<Double>>();
        var measured = new LinkedHashMap<String, Object>();
        try (var peer = new Peer(command, processes.out().resolve("peers.err"), PATIENCE)) {
            JsonNode ready = peer.answer();
            if (ready.has("missing")) {
                throw new Part.Skipped(ready.get("missing").stringValue());
            }
            measured.put("PyTorch", ready.get("version"));
            measured.put("network", network.json().get("parameters") + " parameters");
            for (int round = 1; round <= rounds; round++) {
                speeds.computeIfAbsent(OURS, _ -> new ArrayList<>()).add(ours(round, Kernels.FUSED));
                speeds.computeIfAbsent("mnist20k by cuDNN", _ -> new ArrayList<>())
                        .add(ours(round, Kernels.CUDNN));
                for (String variant : VARIANTS) {
                    JsonNode answer = peer.ask(variant);
                    if (answer.has("imagesPerSecond")) {
                        speeds.computeIfAbsent("PyTorch " + variant, _ -> new ArrayList<>())
                                .add(answer.get("imagesPerSecond").doubleValue());
                    } else {
                        measured.put("PyTorch " + variant, answer.get("error"));
                    }
                }
            }
        } catch (Part.Failed failed) {
            throw new Part.Failed(failed.getMessage(), table(speeds, measured));
        } finally {
            speeds.forEach((who, rates) -> speedsOfAll.add(who + ", undistorted", BATCH, median(rates)));
        }
        return table(speeds, measured);
    }

    static Map<String, Object> table(Map<String, List<Double>> speeds, Map<String, Object> measured) {
        List<Double> ours = speeds.getOrDefault(OURS, List.of());
        speeds.forEach((who, rounds) -> {
            measured.put(who + " images/s", median(rounds));
            measured.put(who + " images/s of each round", rounds);
            if (!who.equals(OURS)) {
                measured.put(OURS + " / " + who, median(ours) / median(rounds));
            }
        });
        return measured;
    }

    private static double median(List<Double> values) {
        return Plan.median(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private double ours(int round, Kernels kernels) throws IOException, InterruptedException {
        String run = "peers-" + round + "-" + kernels.type();
        var options = new ArrayList<>(UNDISTORTED);
        options.addAll(List.of("--epochs", "5"));
        plan.train(processes, run, kernels, options);
        return Plan.median(Plan.speeds(processes, run));
    }
}
