package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.recipe.Augmentation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SeedReport.class)
final class DistortionTest {
    private static final int DRAWS = 500;
    private static final double ROUNDING = 0x1p-22;

    @Test
    void noRangesDrawTheIdentity() {
        assertEquals(Distortion.IDENTITY, Distortion.draw(Augmentation.NONE, SeedReport.SEED, 1, 2, 3));
    }

    @Test
    void shiftsFillTheirRangeAndTurnNothing() {
        double largest = 0;
        for (int n = 0; n < DRAWS; n++) {
            Distortion d = draw(new Augmentation(0, 0, 0, 2), n);
            assertTrue(d.xx() == 1 && d.xy() == 0 && d.yx() == 0 && d.yy() == 1, d.toString());
            assertNotEquals(d.tx(), d.ty());
            largest = Math.max(largest, Math.max(Math.abs(d.tx()), Math.abs(d.ty())));
        }
        assertFills(2, largest);
    }

    @Test
    void rotationsFillTheirRangeAndKeepLengths() {
        double largest = 0;
        for (int n = 0; n < DRAWS; n++) {
            Distortion d = draw(new Augmentation(30, 0, 0, 0), n);
            assertEquals(1, (double) d.xx() * d.yy() - (double) d.xy() * d.yx(), ROUNDING);
            assertEquals(d.xx(), d.yy());
            assertEquals(d.xy(), -d.yx());
            largest = Math.max(largest, Math.abs(Math.toDegrees(Math.atan2(d.yx(), d.xx()))));
        }
        assertFills(30, largest);
    }

    @Test
    void scalesFillTheirRangeIndependently() {
        double largest = 0;
        for (int n = 0; n < DRAWS; n++) {
            Distortion d = draw(new Augmentation(0, 0.2, 0, 0), n);
            assertTrue(d.xy() == 0 && d.yx() == 0, d.toString());
            assertNotEquals(d.xx(), d.yy());
            largest = Math.max(largest, Math.max(Math.abs(1 / d.xx() - 1), Math.abs(1 / d.yy() - 1)));
        }
        assertFills(0.2, largest);
    }

    @Test
    void shearsFillTheirRangeAndMoveRowsOnly() {
        double largest = 0;
        for (int n = 0; n < DRAWS; n++) {
            Distortion d = draw(new Augmentation(0, 0, 0.3, 0), n);
            assertTrue(d.xx() == 1 && d.yx() == 0 && d.yy() == 1 && d.tx() == 0 && d.ty() == 0, d.toString());
            largest = Math.max(largest, Math.abs(d.xy()));
        }
        assertFills(0.3, largest);
    }

    /// As a program of its own, written in Python after docs/OPERATIONS.md, draws it: kept results are of these.
    @Test
    void aDistortionIsThatOfTheDocument() {
        assertEquals(
                new Distortion(1.0316873f, 0.36075392f, -0.2748257f, 0.9164405f, 0.35134277f, -1.2625359f),
                Distortion.draw(new Augmentation(15, 0.1, 0.2, 2), 0x0123_4567_89AB_CDEFL, 4, 5, 6));
    }

    @Test
    void everyCounterDrawsAnother() {
        var ranges = new Augmentation(10, 0.1, 0.1, 2);
        Distortion drawn = Distortion.draw(ranges, SeedReport.SEED, 4, 5, 6);
        assertEquals(drawn, Distortion.draw(ranges, SeedReport.SEED, 4, 5, 6));
        assertNotEquals(drawn, Distortion.draw(ranges, SeedReport.SEED + 1, 4, 5, 6));
        assertNotEquals(drawn, Distortion.draw(ranges, SeedReport.SEED, 3, 5, 6));
        assertNotEquals(drawn, Distortion.draw(ranges, SeedReport.SEED, 4, 6, 6));
        assertNotEquals(drawn, Distortion.draw(ranges, SeedReport.SEED, 4, 5, 7));
    }

    private static Distortion draw(Augmentation ranges, int sample) {
        return Distortion.draw(ranges, SeedReport.SEED, 1, 2, sample);
    }

    /// Of 500 uniform draws the largest is below 0.95 of the range with probability 0.95^500, about 1e-11.
    private static void assertFills(double range, double largest) {
        assertTrue(largest <= range * (1 + ROUNDING) && largest > 0.95 * range, largest + " of " + range);
    }
}
