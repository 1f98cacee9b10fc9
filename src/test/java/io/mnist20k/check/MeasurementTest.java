package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.Split;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.engine.cuda.CudaEngines;
import io.mnist20k.network.Network;
import io.mnist20k.network.Stage;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.TrainingListener;
import io.mnist20k.train.TrainingResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Those of steps are tagged since they cannot be watched for races: repeated, a piece of a step writes again what
/// another of its launches still reads, of equal values.
class MeasurementTest {
    private static final Dataset IMAGES = new Dataset(new byte[200 * 28 * 28], new byte[200]);

    @OnCudaDevice
    @Test
    void theFloorIsOfRatesThatWereMeasured() {
        assertTimes(
                List.of(
                        "FP32 operations/s",
                        "TF32 operations/s",
                        "bf16 operations/s",
                        "bytes/s",
                        "multiply-adds to train an image",
                        "floor of a step, FP32, µs",
                        "floor of a step, TF32, µs",
                        "floor of a step, bf16, µs"),
                measured("floor"));
    }

    @OnCudaDevice
    @Tag("repeats-pieces")
    @Test
    void aStepOfFusedKernelsIsOfUnits() {
        Network network = RecipeReader.read("default", List.of()).build();
        assumeTrue(
                CudaEngines.leastSharedMemory(network) <= CudaEngines.sharedMemory(),
                "units take more shared memory than this GPU has");
        var pieces = new ArrayList<>(List.of("begin", "arrange"));
        for (int unit = 1; unit <= 7; unit++) {
            pieces.add("conv" + unit + " unit forward");
        }
        pieces.add("head");
        for (int unit = 7; unit >= 1; unit--) {
            pieces.add("conv" + unit + " unit backward");
        }
        pieces.addAll(List.of("sums", "update", "step"));
        assertTimes(pieces.stream().map(piece -> piece + ", µs").toList(), measured("step"));
    }

    @OnCudaDevice
    @Tag("repeats-pieces")
    @Test
    void aStepByCudnnIsOfLayers() {
        Network network = RecipeReader.read("default", List.of()).build();
        var pieces = new ArrayList<>(List.of("begin", "load"));
        List<String> layers = network.stages().stream()
                .map(Stage::name)
                .filter(layer -> !layer.equals("softmax1")) // part of the loss
                .toList();
        layers.forEach(layer -> pieces.add(layer + " forward"));
        pieces.add("loss");
        layers.reversed().forEach(layer -> pieces.add(layer + " backward"));
        pieces.addAll(List.of("update", "step"));
        assertTimes(pieces.stream().map(piece -> piece + ", µs").toList(), measured("step by cuDNN"));
    }

    /// Without JCuda, which lies beside the packed program alone.
    @OnCudaDevice
    @Test
    void aLaunchIsTimedAloneAndAsAGraph() {
        Map<String, Object> measured = measured("launches");
        assertEquals(
                "not measured: there is no nowhere/check/jcuda.jar",
                measured.remove("cuLaunchKernel by JCuda's JNI, ns"));
        assertTimes(List.of("cuLaunchKernel by FFM, ns", "cuGraphLaunch by FFM, ns"), measured);
    }

    private static Map<String, Object> measured(String name) {
        return new Measurement(new Split(IMAGES, IMAGES), true).of(name, Path.of("nowhere", "mnist20k.jar"));
    }

    private static void assertTimes(List<String> what, Map<String, Object> measured) {
        assertEquals(what, List.copyOf(measured.keySet()));
        measured.forEach((key, value) ->
                assertTrue(assertInstanceOf(Number.class, value).doubleValue() > 0, () -> key + ": " + value));
    }

    /// Made up, since two whole trainings take the software device long, and tests of the engine train on it.
    @Test
    void theTrainingThatWarmsUpIsNotMeasured() {
        Iterator<TrainingResult.Finished> trainings = List.of(
                        finished(100, 0.995, 0.996), finished(0.5, 0.9, 0.994, 0.995))
                .iterator();
        Map<String, Object> measured = Measurement.warm(listener -> {
            TrainingResult.Finished training = trainings.next();
            listener.started(start("kernels at first in " + training.epochs().size()));
            listener.kernelsChanged("kernels in " + training.epochs().size());
            return training;
        });
        assertFalse(trainings.hasNext());
        assertEquals(
                Map.of(
                        "kernels",
                        "kernels in 3",
                        "trainSeconds",
                        1.5,
                        "finalAccuracy",
                        0.995,
                        "imagesPerSecond",
                        2000.0,
                        "secondsTo994Warm",
                        1.0),
                measured);
    }

    private static TrainingListener.Start start(String kernels) {
        RunSettings settings = RunSettings.of(RecipeReader.read("default", List.of()), 1);
        return new TrainingListener.Start(
                settings, settings.recipe().build(), "cuda", "a card", kernels, 7, 7, 1, 0, 0, Path.of("run"));
    }

    /// @param seconds of each epoch
    private static TrainingResult.Finished finished(double seconds, double... accuracies) {
        var epochs = new ArrayList<EpochRecord>();
        for (double accuracy : accuracies) {
            epochs.add(new EpochRecord(epochs.size() + 1, 0.1, 0.9, 0.1, accuracy, 0.01, seconds, 1000 / seconds));
        }
        int correct = (int) Math.round(1000 * accuracies[accuracies.length - 1]);
        return new TrainingResult.Finished(
                RunSettings.of(RecipeReader.read("default", List.of()), 1),
                "cuda",
                "a card",
                7,
                epochs,
                seconds * epochs.size(),
                1000 / seconds,
                IMAGES,
                new float[0],
                new Evaluation(1000, correct, 0.1, new int[0][0]),
                Path.of("run"));
    }
}
