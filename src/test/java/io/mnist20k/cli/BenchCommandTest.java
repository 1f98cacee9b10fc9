package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.engine.Pass;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

final class BenchCommandTest {
    @TempDir
    static Path folder;

    /// Of the CPU engine, which takes a second to measure the peak.
    private static JsonNode answer;

    @BeforeAll
    static void measure() {
        answer = bench("--device", "cpu", "--layers", "--rounds", "3", "--batch", "33", "--json")
                .succeeded()
                .json();
    }

    private static Typed bench(String... more) {
        return Typed.in(Typed.concat(
                new String[] {
                    "bench", "--recipe", TinySetup.recipe(folder).toString(), "--seconds", "0.001", "--threads", "2"
                },
                more));
    }

    @Test
    void jsonIsOneObjectWithSpeedsAndThePeak() {
        assertEquals(
                List.of(
                        "device",
                        "deviceName",
                        "threads",
                        "java",
                        "recipe",
                        "parameters",
                        "batch",
                        "rounds",
                        "secondsPerRound",
                        "training",
                        "inference",
                        "roofline",
                        "layers"),
                List.copyOf(answer.propertyNames()));
        assertEquals("cpu", answer.get("device").stringValue());
        assertEquals(2, answer.get("threads").intValue());
        assertEquals("tiny", answer.get("recipe").stringValue());
        assertEquals(33, answer.get("batch").intValue());
        for (String of : List.of("training", "inference")) {
            JsonNode speed = answer.get(of);
            double least = speed.get("leastImagesPerSecond").doubleValue();
            double median = speed.get("imagesPerSecond").doubleValue();
            double most = speed.get("mostImagesPerSecond").doubleValue();
            assertTrue(0 < least && least <= median && median <= most, speed.toString());
            assertEquals(3, speed.get("imagesPerSecondByRound").size());
            double gflops = 2e-9 * speed.get("multiplyAdds").longValue() * median;
            assertEquals(gflops, speed.get("nominalGflops").doubleValue(), 1e-12 * gflops);
            double peak = answer.get("roofline").get("peakGflops").doubleValue();
            assertEquals(gflops / peak, speed.get("shareOfPeak").doubleValue(), 1e-12 * gflops / peak);
        }
    }

    /// 4 outputs × 9 taps × 49 pixels and 196 × 10; the convolution sees the pooled image, before which nothing learns.
    @Test
    void multiplyAddsAreOfForwardAndOfWhatTrainingNeeds() {
        long conv = 4 * 9 * 49;
        long dense = 196 * 10;
        assertEquals(conv + dense, answer.get("inference").get("multiplyAdds").longValue());
        assertEquals(
                2 * conv + 3 * dense, answer.get("training").get("multiplyAdds").longValue());
    }

    @Test
    void anEngineThatCannotMeasureItsPeakLeavesItOut() {
        JsonNode answer = bench("--device", "reference", "--rounds", "1", "--json")
                .succeeded()
                .json();
        assertNull(answer.get("roofline"));
        assertNull(answer.get("training").get("shareOfPeak"));
        assertTrue(bench("--device", "reference").succeeded().out().contains("training"));
    }

    @Test
    void layersCoverTheNetworkAndTheWholeOfTheTime() {
        var names = new TreeSet<String>();
        var passes = new TreeSet<String>();
        var shares = new ArrayList<Double>();
        for (JsonNode layer : answer.get("layers")) {
            layer.get("layers").forEach(name -> names.add(name.stringValue()));
            passes.add(layer.get("pass").stringValue());
            shares.add(layer.get("shareOfTime").doubleValue());
            assertTrue(layer.get("nanosPerImage").doubleValue() >= 0, layer.toString());
            assertTrue(layer.get("shareOfPeak").doubleValue() >= 0, layer.toString());
        }
        assertEquals(new TreeSet<>(List.of("maxpool1", "conv1", "batchnorm1", "relu1", "dropout1", "dense1")), names);
        assertEquals(
                Stream.of(Pass.values()).map(Pass::toString).collect(Collectors.toCollection(TreeSet::new)), passes);
        assertEquals(1, shares.stream().mapToDouble(Double::doubleValue).sum(), 1e-9);
    }

    @Test
    void theTableHasARowALayerAndPassAndTheWhole() {
        String out = bench("--device", "cpu", "--layers", "--rounds", "1")
                .succeeded()
                .out();
        assertTrue(out.contains("weight gradient"), out);
        assertTrue(out.contains("the whole step"), out);
        assertTrue(out.contains("nominal"), out);
        assertFalse(out.contains("NaN"), out);
    }

    @Test
    void peopleReadRoundNumbers() {
        String out = Typed.in(
                        "bench",
                        "--recipe",
                        TinySetup.recipe(folder).toString(),
                        "--device",
                        "reference",
                        "--seconds",
                        "0.05",
                        "--rounds",
                        "1")
                .succeeded()
                .out();
        assertTrue(out.contains("1 round of 0.05 s, after 0.15 s or more of warm-up"), out);
    }

    @ParameterizedTest
    @CsvSource({"--rounds, 0", "--seconds, 0", "--seconds, NaN"})
    void aValueThatAnOptionDoesNotTakeIsWrongUsage(String option, String value) {
        Typed.in("bench", option, value).failed(2, option, value, "expected");
    }

    @Test
    void anUnknownOptionIsAnsweredWithTheNearest() {
        Typed.in("bench", "--layer").failed(2, "--layer", "--layers?");
    }

    @Test
    void anEngineThatCannotTellItsLayersApartIsRefused() {
        bench("--layers", "--device", "reference", "--json").failed(1, "--layers", "reference", "--device cpu");
    }
}
