package io.mnist20k.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.data.Dataset;
import org.junit.jupiter.api.Test;

final class MadeUpImagesTest {
    @Test
    void imagesAreNoiseOfAllGreysAndLabelsAlike() {
        Dataset images = MadeUpImages.of(1000);
        int[] greys = new int[256];
        for (byte pixel : images.pixels()) {
            greys[pixel & 0xFF]++;
        }
        // 784,000 draws: 3,062 of each expected, deviation 55; six of them either way.
        for (int grey = 0; grey < greys.length; grey++) {
            assertEquals(784_000 / 256.0, greys[grey], 6 * 55, "pixels of grey " + grey);
        }
        for (int count : images.classCounts()) {
            assertEquals(100, count);
        }
    }

    @Test
    void fewerImagesAreTheFirstOfMore() {
        assertArrayEquals(
                MadeUpImages.of(31).first(7).pixels(), MadeUpImages.of(7).pixels());
    }
}
