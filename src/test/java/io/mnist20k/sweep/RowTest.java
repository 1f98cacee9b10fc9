package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RowTest {
    private static RunResult run(double accuracy, double seconds) {
        return new RunResult(
                "0123", "r", 1, "cpu", "", "MNIST", "test", 0, 1, 1, 1, accuracy, accuracy, 0.1, seconds, 1000.0);
    }

    private static Row row(double... accuracies) {
        return Row.of(Arrays.stream(accuracies).mapToObj(a -> run(a, 10 * a)).toList());
    }

    /// Student's (1908) own example, the additional sleep of ten patients, as every textbook of statistics works it
    /// out: mean 2.33, deviation 2.002, t(9) = 2.262.
    @Test
    void theIntervalIsStudents() {
        Row row = row(1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4);
        assertEquals(2.33, Objects.requireNonNull(row.mean()), 1e-12);
        assertEquals(2.002, Objects.requireNonNull(row.deviation()), 5e-4);
        assertEquals(2.262 * 2.002 / Math.sqrt(10), Objects.requireNonNull(row.halfWidth95()), 1e-3);
        assertEquals(-0.1, row.minimum());
        assertEquals(5.5, row.maximum());
        assertEquals(17.5, row.seconds());
    }

    @Test
    void oneRunHasNoSpread() {
        Row row = row(0.5);
        assertEquals(0.5, row.mean());
        assertNull(row.deviation());
        assertNull(row.halfWidth95());
    }

    @Test
    void equalRunsHaveNoSpreadEither() {
        Row row = row(0.996, 0.996, 0.996);
        assertEquals(0.996, Objects.requireNonNull(row.mean()), 1e-15);
        assertEquals(0, Objects.requireNonNull(row.deviation()), 1e-15);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1..20", "-3..-1", "7"})
    void seedsAreReadAsWritten(String text) {
        Seeds seeds = Seeds.parse(text);
        assertEquals(
                text,
                seeds.first() == seeds.last() ? String.valueOf(seeds.first()) : seeds.first() + ".." + seeds.last());
        assertEquals(seeds.last() - seeds.first() + 1, seeds.stream().count());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "4..1", "1..", "a..b", "1...3", "-9223372036854775808..9223372036854775807"})
    void whatIsNoRangeOfSeedsIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Seeds.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0/4", "5/4", "1", "1/0", "a/b", "1/2/3", "-1/-1"})
    void whatIsNoShardIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Shard.parse(text));
    }

    @Test
    void shardsShareEverythingOnceAndEvenly() {
        List<Integer> all = List.of(0, 1, 2, 3, 4, 5, 6);
        assertEquals(List.of(0, 3, 6), Shard.parse("1/3").of(all));
        assertEquals(List.of(1, 4), Shard.parse("2/3").of(all));
        assertEquals(List.of(2, 5), Shard.parse("3/3").of(all));
        assertEquals(all, Shard.ALL.of(all));
    }
}
