package io.mnist20k;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class UnitsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0.0 s",
        "59.44, 59.4 s",
        "59.5, 1 min 00 s",
        "61, 1 min 01 s",
        "3599.4, 59 min 59 s",
        "3599.5, 1 h 00 min",
        "90061, 25 h 01 min"
    })
    void durationsAreRoundedOnce(double seconds, String text) {
        assertEquals(text, Units.duration(seconds));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.00 %", "0.99436, 99.44 %", "1, 100.00 %"})
    void percentsHaveTwoDecimals(double fraction, String text) {
        assertEquals(text, Units.percent(fraction));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"0 | 0 epochs", "1 | 1 epoch", "2 | 2 epochs", "1234 | 1,234 epochs"})
    void oneIsSingular(long number, String text) {
        assertEquals(text, Units.counted(number, "epoch"));
    }

    @ParameterizedTest
    @CsvSource({"1048576, 1 MiB", "9912422, 9 MiB", "1610612736, 1.5 GiB"})
    void bytesAreInBinaryUnits(long bytes, String text) {
        assertEquals(text, Units.bytes(bytes));
    }
}
