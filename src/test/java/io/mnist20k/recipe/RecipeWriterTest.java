package io.mnist20k.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RecipeWriterTest {
    @ParameterizedTest
    @CsvSource({
        "3, 3",
        "0.02, 0.02",
        "-0.5, -0.5",
        "1e-4, 0.0001",
        "-2.5e-4, -0.00025",
        "9.5e-5, 9.5e-5",
        "1e-8, 1e-8",
        "1e7, 1e7",
        "-1.25e9, -1.25e9",
        "-0.0, -0.0"
    })
    void numbersAreWrittenAsAPersonWould(double number, String written) {
        assertEquals(written, RecipeWriter.plain(number));
    }
}
