package io.mnist20k.model.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Layers;
import io.mnist20k.engine.SeedReport;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Synthetic;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.model.Model;
import io.mnist20k.network.Network;
import io.mnist20k.predict.Predictor;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Initialization;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.Schedule;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// ONNX Runtime, which knows nothing of this program, computes what the reference engine does.
@ExtendWith(SeedReport.class)
final class OnnxModelTest {
    private static final long SEED = SeedReport.SEED;

    /// Of scores of about 1, in single precision on both sides.
    private static final float TOLERANCE = 1e-4f;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv 5 3 1 0, norm, relu, pool 2 2, dropout 0.2, conv 4 3 2 1, norm, relu, average, dense 10",
                "pool 3 2, biasConv 3 5 2 2, relu, maximum, bareDense 10",
                "conv 4 3 1 0, norm, relu, dropout2d 0.5, pool 2 1, biasConv 10 1 1 0, average",
                "dense 12, norm, relu, dropout 0.1, dense 10",
                "pool 4 4, dense 6, relu, conv 5 1 1 0, norm, pool 1 1, dense 10",
                "dense 10"
            })
    void everyLayerGivesTheReferencesScores(String layers) throws Exception {
        check(model(recipe(Layers.network(layers), false)), Synthetic.images(SEED, 17), TOLERANCE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "small", "sprint"})
    void theRecipesGiveTheReferencesScores(String recipe) throws Exception {
        Model model = model(RecipeReader.read(recipe, List.of()));
        Dataset images = MadeUpDigits.of(5, SEED);
        check(model, model.recipe().deskew() ? symmetric(images) : images, TOLERANCE);
    }

    /// The left half and its mirror image: upright already, so that no pixel comes to lie half way between two values.
    private static Dataset symmetric(Dataset images) {
        byte[] pixels = images.pixels().clone();
        for (int row = 0; row < pixels.length; row += 28) {
            for (int x = 0; x < 14; x++) {
                pixels[row + 27 - x] = pixels[row + x];
            }
        }
        return new Dataset(pixels, images.labels());
    }

    /// A pixel whose value lies half way between two may come out as the other one of them.
    @Test
    void imagesAreMadeUprightInTheGraph() throws Exception {
        Model model = model(recipe(Layers.network("pool 2 2, dense 10"), true));
        check(model, MadeUpDigits.of(40, SEED), 0.03f);
        byte[] pixels = new byte[4 * 784];
        pixels[784 + 30] = 1;
        Arrays.fill(pixels, 2 * 784 + 10 * 28, 2 * 784 + 11 * 28, (byte) 255);
        pixels[3 * 784 + 5 * 28 + 3] = 1;
        pixels[3 * 784 + 6 * 28 + 9] = 1;
        check(model, new Dataset(pixels, new byte[4]), 0.03f);
    }

    @Test
    void theSameModelMakesTheSameBytes(@TempDir Path folder) {
        Model model = model(RecipeReader.read("small", List.of()));
        model.write(folder.resolve("model"));
        assertArrayEquals(OnnxModel.encode(model), OnnxModel.encode(Model.read(folder.resolve("model"))));
    }

    private static void check(Model model, Dataset images, float tolerance) throws Exception {
        float[] pixels = new float[images.pixels().length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (images.pixels()[i] & 0xFF) / 255f;
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (var predictor = new Predictor(model, new ReferenceEngine());
                var session = environment.createSession(OnnxModel.encode(model));
                var input = OnnxTensor.createTensor(
                        environment, FloatBuffer.wrap(pixels), new long[] {images.count(), 1, 28, 28});
                var answer = session.run(Map.of("image", input))) {
            float[] expected = predictor.logits(images);
            float[][] logits = (float[][]) answer.get("logits").orElseThrow().getValue();
            float[][] probabilities =
                    (float[][]) answer.get("probabilities").orElseThrow().getValue();
            assertEquals(images.count(), logits.length);
            for (int n = 0; n < images.count(); n++) {
                double sum = 0;
                double exponentials = 0;
                for (int k = 0; k < 10; k++) {
                    assertEquals(expected[n * 10 + k], logits[n][k], tolerance, "image " + n + ", class " + k);
                    exponentials += Math.exp(logits[n][k]);
                    sum += probabilities[n][k];
                }
                assertEquals(1, sum, 1e-5);
                assertEquals(Math.exp(logits[n][3]) / exponentials, probabilities[n][3], 1e-5);
            }
        }
    }

    private static Recipe recipe(Network network, boolean deskew) {
        return new Recipe(
                "a test's",
                1,
                1,
                deskew,
                network.layers(),
                Initialization.KAIMING_NORMAL,
                new Optimizer.Sgd(0.01, 0, false, 0),
                new Schedule.Constant(),
                0,
                Augmentation.NONE,
                0,
                EngineSettings.DEFAULT);
    }

    private static Model model(Recipe recipe) {
        Network network = recipe.build();
        SessionState state = Synthetic.state(network, Training.evaluationOnly(Synthetic.NORMALIZATION), SEED);
        return new Model(
                recipe,
                Synthetic.NORMALIZATION,
                state.parameters(),
                state.statistics(),
                new Model.Origin(1, Validation.TEST, 0, false, "test"));
    }
}
