package io.mnist20k.engine.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Distortion;
import org.junit.jupiter.api.Test;

final class ImagesTest {
    /// 255 at mean 0 and deviation 1 / 255: pixels come out as they are, but for the rounding of 1 / 255f.
    private static final Normalization RAW = new Normalization(0, 1 / 255f);

    private static final double TOLERANCE = 255 * 0x1p-23;

    @Test
    void theIdentityShowsEveryPixelWhereItIs() {
        double[] x = shown(Distortion.IDENTITY);
        for (int row = 0; row < 28; row++) {
            for (int column = 0; column < 28; column++) {
                assertEquals(pixel(row, column), x[row * 28 + column], TOLERANCE);
            }
        }
    }

    @Test
    void aShiftMovesThePixelsAndLetsBlackIn() {
        double[] x = shown(new Distortion(1, 0, 0, 1, 3, -2));
        for (int row = 0; row < 28; row++) {
            for (int column = 0; column < 28; column++) {
                assertEquals(pixel(row - 2, column + 3), x[row * 28 + column], TOLERANCE);
            }
        }
    }

    @Test
    void halfAPixelMixesTwoAndBlackAtTheEdge() {
        double[] x = shown(new Distortion(1, 0, 0, 1, 0.5f, 0));
        for (int row = 0; row < 28; row++) {
            for (int column = 0; column < 28; column++) {
                double mixed = (pixel(row, column) + pixel(row, column + 1)) / 2;
                assertEquals(mixed, x[row * 28 + column], TOLERANCE);
            }
        }
    }

    @Test
    void aQuarterTurnPutsColumnsInThePlaceOfRows() {
        double[] x = shown(new Distortion(0, -1, 1, 0, 0, 0));
        for (int row = 0; row < 28; row++) {
            for (int column = 0; column < 28; column++) {
                assertEquals(pixel(column, 27 - row), x[row * 28 + column], TOLERANCE);
            }
        }
    }

    @Test
    void normalisationTakesBlackAndWhiteWhereTheyBelong() {
        byte[] pixels = new byte[784];
        pixels[5] = (byte) 255;
        double[] x = new Images(new Dataset(pixels, new byte[1]), new Normalization(0.25f, 0.5f)).plain(0, 1);
        assertEquals(-0.5, x[4]);
        assertEquals(1.5, x[5]);
    }

    private static double[] shown(Distortion distortion) {
        byte[] pixels = new byte[2 * 784];
        for (int i = 0; i < 784; i++) {
            pixels[784 + i] = (byte) pixel(i / 28, i % 28);
        }
        double[] x = new double[1000];
        new Images(new Dataset(pixels, new byte[2]), RAW).write(1, distortion, x, 216);
        double[] image = new double[784];
        System.arraycopy(x, 216, image, 0, 784);
        return image;
    }

    /// An image without any symmetry, black outside.
    private static double pixel(int row, int column) {
        boolean inside = row >= 0 && row < 28 && column >= 0 && column < 28;
        return inside ? (row * 37 + column * 11 + row * column) % 255 + 1 : 0;
    }
}
