package io.mnist20k.check;

import io.mnist20k.UserError;
import io.mnist20k.cuda.CudaException;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.cuda.StepTimes;
import io.mnist20k.files.Reason;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.Trainer;
import io.mnist20k.train.TrainingListener;
import io.mnist20k.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/// The parts that ask the GPU themselves, each in a process of its own.
///
/// @param files the dataset
/// @param quick a little of everything
public record Measurement(Split files, boolean quick) {
    static final String FLOPS = "FP32 operations/s";
    static final String BYTES = "bytes/s";
    private static final int QUICK_BURSTS = 4;

    /// Of a quick step: one of the recipe's own takes the software device half a minute.
    private static final int QUICK_BATCH = 4;

    /// @param name of the part
    /// @param jar  the program's, beside which the folder `check` lies
    public Map<String, Object> of(String name, Path jar) {
        try {
            return switch (name) {
                case "warm" -> warm(Kernels.FUSED);
                case "warm by cuDNN" -> warm(Kernels.CUDNN);
                case "floor" -> floor();
                case "step" -> step(Kernels.FUSED);
                case "step by cuDNN" -> step(Kernels.CUDNN);
                case "launches" -> launches(jar);
                default -> throw new UserError("there is no measurement " + name);
            };
        } catch (CudaException failure) {
            throw new UserError("measuring " + name + ": " + failure.getMessage(), failure);
        }
    }

    private Recipe recipe(Kernels kernels, String... more) {
        var keys = new ArrayList<>(List.of("engine.kernels=" + kernels.type()));
        keys.addAll(List.of(more));
        if (quick) {
            keys.add("epochs=1");
        }
        return RecipeReader.read("default", keys);
    }

    /// The default training once to warm up, and once more.
    private Map<String, Object> warm(Kernels kernels) {
        return warm(listener -> train(kernels, listener));
    }

    /// @param training runs it, tells the listener, and gives what it came to
    static Map<String, Object> warm(Function<TrainingListener, TrainingResult.Finished> training) {
        var _ = training.apply(new TrainingListener() {});
        var told = new ArrayList<String>();
        TrainingResult.Finished finished = training.apply(new TrainingListener() {
            @Override
            public void started(Start start) {
                told.add(start.kernels());
            }

            @Override
            public void kernelsChanged(String kernels) {
                told.add(kernels);
            }
        });
        var measured = new LinkedHashMap<String, Object>();
        measured.put("kernels", told.getLast());
        measured.put("trainSeconds", finished.trainSeconds());
        measured.put("finalAccuracy", finished.finalAccuracy());
        measured.put("imagesPerSecond", finished.imagesPerSecond());
        double seconds = 0;
        for (EpochRecord epoch : finished.epochs()) {
            seconds += epoch.seconds();
            if (epoch.validationAccuracy() >= Plan.REQUIRED) {
                measured.put("secondsTo994Warm", seconds);
                break;
            }
        }
        return measured;
    }

    private TrainingResult.Finished train(Kernels kernels, TrainingListener listener) {
        var settings = new RunSettings(recipe(kernels), 1, Validation.TEST, quick ? Plan.QUICK_IMAGES : 0, false, "");
        Path folder = temporary();
        try (RunDirectory directory = RunDirectory.create(folder.resolve("run"))) {
            var trainer =
                    new Trainer(Devices.choose("cuda", 1).engine(), settings, files, directory, listener, () -> false);
            return (TrainingResult.Finished) trainer.run();
        } finally {
            delete(folder);
        }
    }

    private static Path temporary() {
        try {
            return Files.createTempDirectory("mnist20k");
        } catch (IOException e) {
            throw new UserError("cannot make a temporary folder: " + Reason.of(e) + "; free some space", e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> inside = Files.walk(folder)) {
            inside.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        } catch (IOException e) {
            folder.toFile().deleteOnExit();
        }
    }

    private Map<String, Object> floor() {
        Recipe recipe = recipe(Kernels.CUDNN);
        Floor floor = Floor.of(recipe.build());
        Ceilings ceilings;
        try (var gpu = new Gpu(0)) {
            ceilings = Ceilings.measure(gpu, quick ? 64 : 8192, quick ? 1 << 20 : 1L << 30);
        }
        int batch = recipe.batch();
        var measured = new LinkedHashMap<String, Object>();
        measured.put(FLOPS, ceilings.fp32Flops());
        measured.put("TF32 operations/s", ceilings.tf32Flops());
        measured.put("bf16 operations/s", ceilings.bf16Flops());
        measured.put(BYTES, ceilings.bytes());
        measured.put("multiply-adds to train an image", floor.multiplyAdds());
        measured.put(
                "floor of a step, FP32, µs", floor.stepSeconds(batch, ceilings.fp32Flops(), ceilings.bytes()) * 1e6);
        measured.put(
                "floor of a step, TF32, µs", floor.stepSeconds(batch, ceilings.tf32Flops(), ceilings.bytes()) * 1e6);
        measured.put(
                "floor of a step, bf16, µs", floor.stepSeconds(batch, ceilings.bf16Flops(), ceilings.bytes()) * 1e6);
        return measured;
    }

    private Map<String, Object> step(Kernels kernels) {
        Recipe recipe = quick ? recipe(kernels, "batch=" + QUICK_BATCH) : recipe(kernels);
        Network network = recipe.build();
        var training = Training.of(recipe, 1, files.train().normalization());
        var measured = new LinkedHashMap<String, Object>();
        StepTimes.measure(network, training, files.train().first(Plan.QUICK_IMAGES), quick ? 1 : 50)
                .forEach((piece, microseconds) -> measured.put(piece + ", µs", microseconds));
        return measured;
    }

    private Map<String, Object> launches(Path jar) {
        var measured = new LinkedHashMap<String, Object>();
        try (var gpu = new Gpu(0)) {
            measured.putAll(Launches.measure(gpu, quick ? QUICK_BURSTS : Launches.BURSTS));
        }
        measured.put("cuLaunchKernel by JCuda's JNI, ns", jni(jar));
        return measured;
    }

    /// @return nanoseconds, or why there are none
    private static Object jni(Path jar) {
        Path folder = jar.resolveSibling("check");
        if (!Files.exists(folder.resolve("jcuda.jar"))) {
            return "not measured: there is no " + folder.resolve("jcuda.jar");
        }
        if (!Files.exists(folder.resolve("lib"))) {
            return "not measured: there is no " + folder.resolve("lib") + " with JCuda's native half, which is packed"
                    + " only on x86-64";
        }
        Path logs = temporary();
        try {
            var processes = new Processes(logs, jar);
            Processes.Ended ended = processes.run(
                    "jni",
                    processes.java(
                            "-Djava.library.path=" + folder.resolve("lib"),
                            "-cp",
                            jar + ":" + folder.resolve("jcuda.jar"),
                            JniLaunches.class.getName()));
            return ended.exitCode() == 0 && !ended.output().isBlank()
                    ? (Object) Double.valueOf(ended.output().strip())
                    : "not measured: " + ended.lastWords();
        } catch (IOException e) {
            throw new UserError("cannot start Java again: " + Reason.of(e) + "; free some memory", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("measuring launches was interrupted; try again", e);
        } finally {
            delete(logs);
        }
    }
}
