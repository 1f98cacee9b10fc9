package io.mnist20k.engine.cuda;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.ConvolutionAlgorithm;
import io.mnist20k.cuda.MathType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AlgorithmsTest {
    private static final ConvolutionAlgorithm ONE = algorithm(1, 100, true);
    private static final ConvolutionAlgorithm SIX = algorithm(6, 0, true);

    @TempDir
    private Path folder;

    private int measurements;

    private static ConvolutionAlgorithm algorithm(int number, long workspace, boolean deterministic) {
        return new ConvolutionAlgorithm(number, workspace, deterministic, MathType.FMA);
    }

    private Algorithms algorithms() {
        return new Algorithms(folder.resolve("cache").resolve("algorithms.tsv"), "a GPU");
    }

    private Optional<ConvolutionAlgorithm> choose(Algorithms algorithms, String what, ConvolutionAlgorithm... offered) {
        return algorithms.choose(
                what,
                _ -> true,
                () -> {
                    measurements++;
                    return List.of(offered);
                },
                () -> List.of(SIX));
    }

    @Test
    void whatWasMeasuredOnceIsObeyedByEveryLaterProcess() {
        assertEquals(Optional.of(ONE), choose(algorithms(), "a convolution", ONE, SIX));
        assertEquals(Optional.of(ONE), choose(algorithms(), "a convolution", SIX, ONE));
        assertEquals(1, measurements);
        assertEquals(Optional.of(SIX), choose(algorithms(), "another", SIX, ONE));
        Algorithms last = algorithms();
        assertEquals(Optional.of(ONE), choose(last, "a convolution", SIX));
        assertNull(last.unusable());
    }

    @Test
    void anotherDeviceMeasuresForItself() {
        choose(algorithms(), "a convolution", ONE);
        var other = new Algorithms(folder.resolve("cache").resolve("algorithms.tsv"), "another GPU");
        assertEquals(Optional.of(SIX), choose(other, "a convolution", SIX));
    }

    @Test
    void onlyReproducibleOnesOfModestWorkspaceThatFitAreTaken() {
        ConvolutionAlgorithm random = algorithm(0, 0, false);
        ConvolutionAlgorithm greedy = algorithm(5, Algorithms.MOST_WORKSPACE_BYTES + 1, true);
        assertEquals(Optional.of(ONE), choose(algorithms(), "a convolution", random, greedy, ONE));
        assertEquals(
                Optional.empty(), algorithms().choose("strict", _ -> false, () -> List.of(ONE), () -> List.of(SIX)));
    }

    @Test
    void whereNothingCanBeKeptTheGuessDecidesAndItIsSaid() throws IOException {
        Files.createFile(folder.resolve("cache")); // where the folder should be
        Algorithms algorithms = algorithms();
        assertEquals(Optional.of(SIX), choose(algorithms, "a convolution", ONE));
        assertEquals(0, measurements);
        assertSays(String.valueOf(algorithms.unusable()), "algorithms.tsv cannot be used", "is not a folder");
    }

    @Test
    void aDamagedLineIsMeasuredAnewAndTheOthersStay() throws IOException {
        choose(algorithms(), "a convolution", ONE);
        choose(algorithms(), "another", SIX);
        Path file = folder.resolve("cache").resolve("algorithms.tsv");
        String text = Files.readString(file);
        assertTrue(text.contains("a convolution\t1 FMA 100"), text);
        Files.writeString(file, "nonsense\n" + text.replace("1 FMA 100", "1 NO_SUCH_MATH 100"));
        assertEquals(Optional.of(SIX), choose(algorithms(), "a convolution", SIX));
        assertEquals(Optional.of(SIX), choose(algorithms(), "another", ONE));
        assertEquals(3, measurements);
    }
}
