package io.mnist20k.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SeedsTest {
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
}
