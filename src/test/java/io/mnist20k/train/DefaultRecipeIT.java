package io.mnist20k.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Download;
import io.mnist20k.data.MnistFolder;
import io.mnist20k.data.Normalization;
import io.mnist20k.data.Split;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.model.Model;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The main job on the real dataset: in the folder of the property `mnist20k.data`, or in the cache.
class DefaultRecipeIT {
    private static final Download FROM_NOWHERE =
            new Download(List.of(), Duration.ofSeconds(1), Duration.ofSeconds(1), (_, _, _) -> {});
    private static final int ALL = 0;

    @TempDir
    Path folder;

    private static Split mnist() {
        String given = System.getProperty("mnist20k.data", "");
        return (given.isEmpty() ? MnistFolder.cache(FROM_NOWHERE) : MnistFolder.at(Path.of(given))).load();
    }

    private static Engine cpu(int threads) {
        return Devices.choose("cpu", threads).engine();
    }

    private static TrainingResult.Finished train(Recipe recipe, int limit, int threads, Path out) {
        var settings = new RunSettings(recipe, 1, false, false, limit, false, "");
        try (RunDirectory directory = RunDirectory.create(out)) {
            TrainingResult result = new Trainer(
                            cpu(threads), settings, mnist(), directory, new TrainingListener() {}, () -> false)
                    .run();
            return assertInstanceOf(TrainingResult.Finished.class, result);
        }
    }

    @Test
    void theDefaultRecipePasses994WithinTheBudget() {
        Recipe recipe = RecipeReader.read("default", List.of());
        assertTrue(recipe.epochs() < 20, "epochs");

        TrainingResult.Finished result =
                train(recipe, ALL, Runtime.getRuntime().availableProcessors(), folder.resolve("run"));

        assertTrue(result.parameters() < 20_000, "parameters");
        assertEquals(10_000, result.validation().count(), "test images");
        assertTrue(result.finalAccuracy() >= 0.994, () -> "accuracy of the last epoch: " + result.finalAccuracy());
        // Fifteen of the labels are known to be wrong: who gets these right too has seen them in training.
        assertTrue(result.finalAccuracy() < 0.9985, () -> "accuracy of the last epoch: " + result.finalAccuracy());
        assertEquals(result.finalAccuracy(), accuracyOf(folder.resolve("run").resolve(RunDirectory.MODEL)));
    }

    /// Of its twenty seeds the worst got 63 wrong; 80 leave room for the bits of other vector widths.
    @Test
    void theSprintRecipePasses992InTwoEpochs() {
        Recipe recipe = RecipeReader.read("sprint", List.of());
        assertEquals(2, recipe.epochs());
        TrainingResult.Finished result =
                train(recipe, ALL, Runtime.getRuntime().availableProcessors(), folder.resolve("run"));
        assertTrue(result.finalAccuracy() >= 0.992, () -> "accuracy of the last epoch: " + result.finalAccuracy());
    }

    /// Of the model as it was saved, on the test files.
    private static double accuracyOf(Path file) {
        Model model = Model.read(file);
        Dataset test = mnist().validation();
        var normalization = new Normalization(model.mean(), model.deviation());
        try (Session session = cpu(1).open(model.network(), Training.evaluationOnly(normalization))) {
            session.restore(SessionState.ofModel(model.parameters(), model.statistics()));
            return Evaluation.of(test, session.logits(test)).accuracy();
        }
    }

    @Test
    void threadsLeaveNoTraceInTheModel() throws IOException {
        // 1,100 images leave a last batch of 76: five blocks, the last one partly filled, for two or three threads.
        Recipe recipe = RecipeReader.read("default", List.of("epochs=2"));
        train(recipe, 1_100, 1, folder.resolve("one"));
        byte[] expected = Files.readAllBytes(folder.resolve("one").resolve(RunDirectory.MODEL));
        for (int threads : new int[] {2, 3}) {
            Path run = folder.resolve("threads-" + threads);
            train(recipe, 1_100, threads, run);
            assertArrayEquals(expected, Files.readAllBytes(run.resolve(RunDirectory.MODEL)), threads + " threads");
        }
    }
}
