package io.mnist20k;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.data.RealMnist;
import io.mnist20k.predict.Pictures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The program as a library: the examples of `docs/EMBEDDING.md`, each a program of its own, and the jar.
final class EmbeddingIT {
    private static final int PICTURES = 20;

    @TempDir
    Path folder;

    @Test
    void aNetworkOfOnesOwnIsTrainedAndRecognizesDigits() throws Exception {
        Path run = folder.resolve("run");
        List<String> told =
                example("TrainOwnNetwork", run.toString(), RealMnist.path().toString());
        double accuracy = Double.parseDouble(
                found("^(\\S+) of the test images right$", told).getFirst());
        assertTrue(accuracy > 0.97 && accuracy < 1, told.toString());
        assertTrue(Files.size(run.resolve("model.onnx")) > 0);

        Dataset digits = RealMnist.split().validation().first(PICTURES);
        var arguments = new ArrayList<>(List.of(run.resolve("model.safetensors").toString()));
        for (int i = 0; i < PICTURES; i++) {
            Path picture = folder.resolve(i + ".png");
            Files.write(picture, Pictures.png(digits.slice(i, i + 1).pixels()));
            arguments.add(picture.toString());
        }
        List<String> answers = found("^(\\d), sure to ", example("Recognize", arguments.toArray(String[]::new)));
        assertEquals(PICTURES, answers.size());
        int right = 0;
        for (int i = 0; i < PICTURES; i++) {
            right += Integer.parseInt(answers.get(i)) == digits.labels()[i] ? 1 : 0;
        }
        assertTrue(right >= PICTURES - 2, () -> answers + " for " + Arrays.toString(digits.labels()));
    }

    @Test
    void aLoopOfOnesOwnLearns() throws Exception {
        Path data = MadeUpDigits.write(folder.resolve("data"), MadeUpDigits.of(3001, 1), MadeUpDigits.of(7, 2));
        List<String> told = example("OwnLoop", data.toString());
        List<Double> losses = found("loss (\\S+), held out", told).stream()
                .map(Double::parseDouble)
                .toList();
        assertEquals(3, losses.size(), told.toString());
        assertTrue(losses.getLast() < losses.getFirst() / 2, told.toString());
    }

    /// What a library brings is on everybody's class path: no classes of others, no configuration of a log.
    @Test
    void theLibraryBringsNothingButItself() throws IOException {
        try (var jar = new JarFile(System.getProperty("mnist20k.library"))) {
            List<String> others = jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> !name.matches("(io/mnist20k|cuda-kernels|recipes|META-INF)/.*|io/"))
                    .toList();
            assertEquals(List.of(), others);
            assertEquals("io.mnist20k", jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"));
        }
    }

    private static List<String> found(String pattern, List<String> lines) {
        return Pattern.compile(pattern, Pattern.MULTILINE)
                .matcher(String.join("\n", lines))
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    /// Runs an example from its source.
    ///
    /// @return its lines
    private static List<String> example(String name, String... arguments) throws Exception {
        Path jar = Path.of(System.getProperty("mnist20k.jar"));
        var command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                jar.toString(),
                jar.resolveSibling("../src/examples/" + name + ".java")
                        .normalize()
                        .toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(0, process.waitFor(), lines.toString());
        return lines;
    }
}
