package io.mnist20k.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DeskewTest {
    private static final int SIDE = 28;
    private static final long SEED = 20;

    private static byte[] deskewed(byte[] pixels) {
        return new Deskew(SIDE, SIDE).apply(pixels);
    }

    /// A stroke three pixels wide that goes to the side by `slope` pixels a row, each row's ink spread over two pixels.
    private static byte[] stroke(double slope) {
        byte[] pixels = new byte[SIDE * SIDE];
        for (int y = 4; y < 24; y++) {
            double left = 12.5 + slope * (y - 13.5);
            for (int x = 0; x < SIDE; x++) {
                double covered = Math.min(x + 1, left + 3) - Math.max(x, left);
                pixels[y * SIDE + x] = (byte) Math.round(255 * Math.clamp(covered, 0, 1));
            }
        }
        return pixels;
    }

    /// The slope by its definition, from means, where the program sums up powers.
    private static double slant(byte[] pixels) {
        double weight = 0;
        double meanX = 0;
        double meanY = 0;
        for (int i = 0; i < pixels.length; i++) {
            weight += pixels[i] & 0xFF;
            meanX += (pixels[i] & 0xFF) * (double) (i % SIDE);
            meanY += (pixels[i] & 0xFF) * Math.floor((double) i / SIDE);
        }
        meanX /= weight;
        meanY /= weight;
        double together = 0;
        double down = 0;
        for (int i = 0; i < pixels.length; i++) {
            double y = Math.floor((double) i / SIDE) - meanY;
            together += (pixels[i] & 0xFF) * (i % SIDE - meanX) * y;
            down += (pixels[i] & 0xFF) * y * y;
        }
        return together / down;
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.8, -0.31, 0.05, 0.5})
    void aSlantedStrokeStandsUpright(double slope) {
        byte[] slanted = stroke(slope);
        // Pixels are whole: half a 255th of a row's few lit ones, which average out over the rows.
        assertEquals(slope, slant(slanted), 1e-3);
        byte[] upright = deskewed(slanted);
        assertEquals(0, slant(upright), 1e-3);
        for (int y = 5; y < 24; y++) {
            for (int x = 0; x < SIDE; x++) {
                // Interpolating what was interpolated spreads the edges, not by the same share in each row.
                assertEquals(upright[4 * SIDE + x] & 0xFF, upright[y * SIDE + x] & 0xFF, 70, "row " + y + ", x " + x);
            }
        }
    }

    /// All rows by the formula, in double, from the slant by its definition.
    @Test
    void everyPixelIsTheFormulas() {
        var random = new SplittableRandom(SEED);
        byte[] pixels = new byte[2 * SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (random.nextInt(4) == 0 ? random.nextInt(256) : 0);
        }
        byte[] upright = deskewed(pixels);
        for (int image = 0; image < 2; image++) {
            byte[] source = Arrays.copyOfRange(pixels, image * SIDE * SIDE, (image + 1) * SIDE * SIDE);
            double slope = slant(source);
            double weight = 0;
            double centre = 0;
            for (int i = 0; i < source.length; i++) {
                weight += source[i] & 0xFF;
                centre += (source[i] & 0xFF) * Math.floor((double) i / SIDE);
            }
            centre /= weight;
            for (int i = 0; i < source.length; i++) {
                double y = Math.floor((double) i / SIDE);
                double x = i % SIDE + slope * (y - centre);
                double left = Math.floor(x);
                double value = (1 - (x - left)) * at(source, left, y) + (x - left) * at(source, left + 1, y);
                // Half a value by rounding; the sums of powers and those about the mean differ in their last bits.
                assertEquals(value, upright[image * SIDE * SIDE + i] & 0xFF, 0.5 + 1e-9, "pixel " + i);
            }
        }
    }

    private static int at(byte[] image, double x, double y) {
        return x >= 0 && x < SIDE ? image[((int) y) * SIDE + (int) x] & 0xFF : 0;
    }

    @Test
    void whatStandsUprightStaysAsItIs() {
        assertArrayEquals(stroke(0), deskewed(stroke(0)));
    }

    @Test
    void anImageWithoutInkOrWithASingleRowOfItStaysAsItIs() {
        byte[] pixels = new byte[2 * SIDE * SIDE];
        pixels[(SIDE + 9) * SIDE + 3] = (byte) 200;
        pixels[(SIDE + 9) * SIDE + 8] = 100;
        assertArrayEquals(pixels, deskewed(pixels));
    }

    /// The first row's ink is some 180 pixels to the side of where it belongs.
    @Test
    void inkThatIsMovedOutOfTheImageIsGone() {
        byte[] pixels = new byte[SIDE * SIDE];
        for (int x = 0; x < SIDE; x++) {
            pixels[13 * SIDE + x] = (byte) (x < 14 ? 255 : 0);
            pixels[14 * SIDE + x] = (byte) (x < 14 ? 0 : 255);
        }
        pixels[0] = 1;
        byte[] upright = deskewed(pixels);
        assertEquals(0, upright[0]);
        assertTrue(Math.abs(slant(upright)) < Math.abs(slant(pixels)));
    }

    @Test
    void aDatasetIsMadeUprightWithItsLabelsAndIsNotItselfChanged() {
        byte[] pixels = stroke(0.5);
        var dataset = new Dataset(pixels.clone(), new byte[] {1});
        assertArrayEquals(deskewed(pixels), dataset.deskewed().pixels());
        assertArrayEquals(new byte[] {1}, dataset.deskewed().labels());
        assertArrayEquals(pixels, dataset.pixels());
    }
}
