package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.data.Normalization;
import io.mnist20k.data.Validation;
import io.mnist20k.model.Model;
import io.mnist20k.model.onnx.OnnxModel;
import io.mnist20k.network.Layer;
import io.mnist20k.predict.Pictures;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Initialization;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What can be done with a model: `evaluate`, `predict` and `export`.
final class ModelCommandsTest {
    private static final Dataset TEST = MadeUpDigits.of(TinySetup.TEST_IMAGES, 2);

    @TempDir
    static Path folder;

    private static String model = "";

    @BeforeAll
    static void train() {
        Typed.in(Typed.train(folder, folder.resolve("run"), "--quiet")).succeeded();
        model = folder.resolve("run").resolve("model.safetensors").toString();
    }

    /// The same images from the test files and from pictures of them get the same answers.
    @Test
    void predictAnswersAsEvaluateCounts() throws IOException {
        var arguments = new ArrayList<>(List.of("predict", model, "--device", "reference", "--json"));
        for (int i = 0; i < TEST.count(); i++) {
            arguments.add(picture(i).toString());
        }
        JsonNode predictions =
                Typed.in(arguments.toArray(String[]::new)).succeeded().json().get("predictions");
        int right = 0;
        for (int i = 0; i < TEST.count(); i++) {
            JsonNode prediction = predictions.get(i);
            assertEquals(
                    List.of("image", "digit", "probability", "probabilities"), List.copyOf(prediction.propertyNames()));
            assertEquals(arguments.get(i + 5), prediction.get("image").stringValue());
            int digit = prediction.get("digit").intValue();
            double sum = 0;
            for (int k = 0; k < 10; k++) {
                double probability = prediction.get("probabilities").get(k).doubleValue();
                assertTrue(probability <= prediction.get("probability").doubleValue());
                sum += probability;
            }
            assertEquals(1, sum, 1e-9);
            assertEquals(
                    prediction.get("probability"),
                    prediction.get("probabilities").get(digit));
            right += digit == TEST.labels()[i] ? 1 : 0;
        }
        JsonNode evaluation = Typed.in(
                        "evaluate",
                        model,
                        "--device",
                        "reference",
                        "--data",
                        folder.resolve("data").toString(),
                        "--json")
                .succeeded()
                .json();
        assertEquals(TEST.count() - evaluation.get("errors").intValue(), right);
    }

    /// Of a model that takes all for a 9: its biases alone count, and a loss is ln(e + 9), or 1 less for a 9.
    @Test
    void evaluateShowsWhichDigitWasTakenForWhich() {
        var network = List.<Layer>of(new Layer.Dense(10, true), new Layer.Softmax());
        float[] parameters = new float[784 * 10 + 10];
        parameters[parameters.length - 1] = 1;
        Path nine = folder.resolve("nine.safetensors");
        var origin = new Model.Origin(1, Validation.TEST, 0, false, "1");
        new Model(recipe(network), new Normalization(0.1f, 0.3f), parameters, new float[0], origin).write(nine);
        var test = new Dataset(new byte[6 * 784], new byte[] {4, 4, 9, 9, 9, 0});
        Path data = MadeUpDigits.write(folder.resolve("six"), test, test);
        Typed typed = Typed.in("evaluate", nine.toString(), "--device", "reference", "--data", data.toString())
                .succeeded();
        assertEquals("""
                device: reference (plain loops in double precision, 1 thread)

                truth \\ predicted  0  1  2  3  4  5  6  7  8  9
                                0  ·  ·  ·  ·  ·  ·  ·  ·  ·  1
                                1  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
                                2  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
                                3  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
                                4  ·  ·  ·  ·  ·  ·  ·  ·  ·  2
                                5  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
                                6  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
                                7  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
                                8  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
                                9  ·  ·  ·  ·  ·  ·  ·  ·  ·  3

                50.00 % of 6 test images right, 3 wrong; loss 1.9612
                """, typed.out());
    }

    private static Recipe recipe(List<Layer> network) {
        return new Recipe(
                "nine",
                1,
                1,
                false,
                network,
                Initialization.KAIMING_NORMAL,
                new Optimizer.Sgd(0.1, 0, false, 0),
                new Schedule.Constant(),
                0,
                Augmentation.NONE,
                0,
                EngineSettings.DEFAULT);
    }

    @Test
    void peopleSeeALineAPicture() throws IOException {
        List<String> lines = Typed.in(
                        "predict", model, picture(0).toString(), picture(1).toString())
                .succeeded()
                .out()
                .lines()
                .toList();
        assertEquals(3, lines.size(), lines.toString());
        assertTrue(lines.getFirst().startsWith("image"), lines.toString());
        assertTrue(lines.get(1).startsWith(picture(0).toString()), lines.toString());
        assertTrue(lines.get(1).matches(".* \\d +[\\d.]+ % +\\d +[\\d.]+ %"), lines.get(1));
    }

    private static Path picture(int index) throws IOException {
        byte[] pixels = Arrays.copyOfRange(TEST.pixels(), index * 784, (index + 1) * 784);
        return Files.write(folder.resolve(index + ".png"), Pictures.png(pixels));
    }

    @Test
    void onePictureThatCannotBeReadIsTheAnswer() throws IOException {
        Path text = TinySetup.write(folder.resolve("7.txt"), "7");
        Typed.in("predict", model, picture(0).toString(), text.toString())
                .failed(1, "7.txt", "neither a PNG nor a JPEG");
        Typed.in("predict", model, folder.resolve("none.png").toString()).failed(1, "none.png", "no such file");
        Typed.in("predict", text.toString(), picture(0).toString()).failed(1, "7.txt", "safetensors");
    }

    @Test
    void predictNeedsAModelAndAPicture() {
        Typed.in("predict").failed(2, "MODEL");
        Typed.in("predict", model).failed(2, "IMAGE");
    }

    @Test
    void safetensorsAreTheModelsOwnBytes() throws IOException {
        Path out = folder.resolve("copy.safetensors");
        Typed.in("export", model, "--format", "safetensors", "--out", out.toString())
                .succeeded();
        assertArrayEquals(Files.readAllBytes(Path.of(model)), Files.readAllBytes(out));
    }

    @Test
    void onnxIsTheModelsGraphAndSaysWhatItIs() throws IOException {
        Path out = folder.resolve("model.onnx");
        Typed typed = Typed.in("export", model, "--format", "onnx", "--out", out.toString())
                .succeeded();
        assertTrue(typed.out().startsWith(out + ": ONNX, opset 17, "), typed.out());
        Path expected = folder.resolve("expected.onnx");
        OnnxModel.write(Model.read(Path.of(model)), expected);
        assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(out));
    }

    @Test
    void whatExportCannotWriteLeavesNothing() throws IOException {
        byte[] before = Files.readAllBytes(Path.of(model));
        Typed.in("export", model, "--format", "onnx", "--out", model).failed(1, "itself");
        assertArrayEquals(before, Files.readAllBytes(Path.of(model)));
        Path missing = folder.resolve("missing");
        Typed.in(
                        "export",
                        model,
                        "--format",
                        "onnx",
                        "--out",
                        missing.resolve("a.onnx").toString())
                .failed(1, "a.onnx");
        assertFalse(Files.exists(missing));
        Typed.in("export", model, "--format", "onnx", "--out", "/dev/null").failed(1, "/dev/null", "not a file");
        Path directory = Files.createDirectories(folder.resolve("a folder"));
        Typed.in("export", model, "--format", "onnx", "--out", directory.toString())
                .failed(1, "a folder");
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void exportNeedsAFormatAndAFile() {
        Typed.in("export", model, "--out", "x").failed(2, "--format");
        Typed.in("export", model, "--format", "onnx").failed(2, "--out");
        Typed.in("export", model, "--format", "tflite", "--out", "x").failed(2, "tflite", "onnx or safetensors");
    }
}
