package io.mnist20k.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetTest {
    private static final int AREA = 28 * 28;

    /// Image i is i everywhere, so that a pixel tells where its image came from.
    private static Dataset numbered(int count) {
        byte[] pixels = new byte[count * AREA];
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            Arrays.fill(pixels, i * AREA, (i + 1) * AREA, (byte) i);
            labels[i] = (byte) (i % 10);
        }
        return new Dataset(pixels, labels);
    }

    private static int[] numbers(Dataset dataset) {
        return IntStream.range(0, dataset.count())
                .map(i -> dataset.pixels()[(i + 1) * AREA - 1] & 0xFF)
                .toArray();
    }

    @Test
    void pixelsAndLabelsMoveTogether() {
        Dataset selected = numbered(31).select(new int[] {30, 0, 7, 7});
        assertArrayEquals(new int[] {30, 0, 7, 7}, numbers(selected));
        assertArrayEquals(new byte[] {0, 0, 7, 7}, selected.labels());
        Dataset slice = numbered(31).slice(11, 14);
        assertArrayEquals(new int[] {11, 12, 13}, numbers(slice));
        assertArrayEquals(new byte[] {1, 2, 3}, slice.labels());
    }

    @Test
    void theFirstOfFewerAreAll() {
        Dataset seven = numbered(7);
        assertSame(seven, seven.first(7));
        assertSame(seven, seven.first(60_000));
        assertArrayEquals(new int[] {0, 1, 2}, numbers(seven.first(3)));
    }

    @Test
    void arraysThatDoNotFitAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Dataset(new byte[AREA], new byte[2]));
        assertThrows(IllegalArgumentException.class, () -> new Dataset(new byte[0], new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> new Dataset(new byte[AREA], new byte[] {10}));
        assertThrows(IllegalArgumentException.class, () -> new Dataset(new byte[AREA], new byte[] {-1}));
    }

    @Test
    void imagesThatAreNotThereAreRefused() {
        Dataset seven = numbered(7);
        for (int[] range : new int[][] {{5, 8}, {7, 8}, {-1, 3}, {3, 3}, {5, 3}}) {
            assertThrows(IllegalArgumentException.class, () -> seven.slice(range[0], range[1]));
        }
        assertThrows(IllegalArgumentException.class, () -> seven.first(0));
        assertThrows(IllegalArgumentException.class, () -> seven.first(-1));
        for (int[] indices : new int[][] {{}, {7}, {0, -1}, new int[5_500_000]}) {
            assertThrows(IllegalArgumentException.class, () -> seven.select(indices));
        }
    }

    @Test
    void classCountsAddUp() {
        assertArrayEquals(new int[] {4, 3, 3, 3, 3, 3, 3, 3, 3, 3}, numbered(31).classCounts());
    }

    @Test
    void normalizationIsMeanAndDeviationOfPixelsBy255() {
        // Half 0, half 255: mean 1/2, deviation 1/2. Exact in float.
        byte[] pixels = new byte[2 * AREA];
        Arrays.fill(pixels, 0, AREA, (byte) 255);
        assertEquals(new Normalization(0.5f, 0.5f), new Dataset(pixels, new byte[2]).normalization());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64})
    void normalizationAgreesWithTwoPassesInDouble(int count) {
        Dataset dataset = MadeUpDigits.of(count, 9);
        double mean = IntStream.range(0, count * AREA)
                .mapToDouble(i -> (dataset.pixels()[i] & 0xFF) / 255.0)
                .average()
                .orElseThrow();
        double variance = IntStream.range(0, count * AREA)
                .mapToDouble(i -> Math.pow((dataset.pixels()[i] & 0xFF) / 255.0 - mean, 2))
                .average()
                .orElseThrow();
        Normalization normalization = dataset.normalization();
        // Both are doubles to 1e-10 before they are rounded to float: at most one float apart.
        assertEquals(mean, normalization.mean(), Math.ulp((float) mean));
        assertEquals(Math.sqrt(variance), normalization.deviation(), Math.ulp((float) Math.sqrt(variance)));
        assertTrue(mean > 0.1 && variance > 0.01, "the made-up digits are not blank");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 77, 255})
    void equalPixelsHaveDeviationOne(int value) {
        byte[] pixels = new byte[3 * AREA];
        Arrays.fill(pixels, (byte) value);
        assertEquals(new Normalization(value / 255f, 1), new Dataset(pixels, new byte[3]).normalization());
    }

    @Test
    void aNormalizationThatDividesByNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Normalization(0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Normalization(0, -1));
        assertThrows(IllegalArgumentException.class, () -> new Normalization(0, Float.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Normalization(Float.POSITIVE_INFINITY, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 6, 11, 12, 101, 240})
    void theHoldoutIsOneSixthAndTheRestTrains(int count) {
        Split split = Split.holdout(numbered(count));
        assertEquals(Math.max(1, count / 6), split.validation().count());
        int[] train = numbers(split.train());
        int[] validation = numbers(split.validation());
        assertArrayEquals(
                IntStream.range(0, count).toArray(),
                IntStream.concat(Arrays.stream(train), Arrays.stream(validation))
                        .sorted()
                        .toArray());
        assertArrayEquals(Arrays.stream(train).sorted().toArray(), train, "the order of the file is kept");
        assertArrayEquals(Arrays.stream(validation).sorted().toArray(), validation);
    }

    /// As a program of its own, written in Python after docs/OPERATIONS.md, draws them: kept results are of these.
    @Test
    void theDrawsAreThoseOfTheDocument() {
        assertArrayEquals(
                new int[] {7, 9, 13, 17, 21, 23, 28, 30, 39, 52},
                numbers(Split.holdout(numbered(60)).validation()));
        Dataset all = numbered(30);
        Split redrawn = new Split(all.slice(0, 24), all.slice(24, 30)).redraw(1);
        assertArrayEquals(new int[] {1, 3, 5, 16, 18, 23}, numbers(redrawn.validation()));
    }

    @Test
    void theHoldoutOfASortedDatasetHasEveryClass() {
        byte[] labels = new byte[6000];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (byte) (i / 600);
        }
        int[] counts = Split.holdout(new Dataset(new byte[6000 * AREA], labels))
                .validation()
                .classCounts();
        // Hypergeometric: 100 expected of each class, deviation 8.7; the draw is fixed, five deviations are plenty.
        assertTrue(Arrays.stream(counts).allMatch(count -> Math.abs(count - 100) < 44), Arrays.toString(counts));
    }

    @Test
    void oneImageCannotBeSplit() {
        UserError refusal = assertThrows(UserError.class, () -> Split.holdout(numbered(1)));
        assertTrue(refusal.getMessage().contains("--holdout"), refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE})
    void aRedrawKeepsAllImagesAndTheSizesAndIsTheSeeds(long seed) {
        Dataset all = numbered(101);
        Split files = new Split(all.slice(0, 84), all.slice(84, 101));
        Split redrawn = files.redraw(seed);
        int[] train = numbers(redrawn.train());
        int[] validation = numbers(redrawn.validation());
        assertEquals(84, train.length);
        assertEquals(17, validation.length);
        assertArrayEquals(
                IntStream.range(0, 101).toArray(),
                IntStream.concat(Arrays.stream(train), Arrays.stream(validation))
                        .sorted()
                        .toArray());
        assertArrayEquals(Arrays.stream(train).sorted().toArray(), train, "the order of the files is kept");
        assertArrayEquals(validation, numbers(files.redraw(seed).validation()));
        assertFalse(Arrays.equals(validation, numbers(files.redraw(seed + 1).validation())));
        int fromTheTestFiles =
                (int) Arrays.stream(train).filter(number -> number >= 84).count();
        // Hypergeometric: 14.1 of 17 expected, deviation 1.4; the draws are fixed, five deviations are plenty.
        assertEquals(14.1, fromTheTestFiles, 7);
    }

    @Test
    void theLimitIsOfTheTrainingImagesAlone() {
        Split limited = new Split(numbered(50), numbered(20)).limit(7);
        assertEquals(7, limited.train().count());
        assertEquals(20, limited.validation().count());
    }
}
