package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Shape;
import org.junit.jupiter.api.Test;

final class TilingTest {
    private static final int PLENTY = 200 << 10;

    @Test
    void largeImagesHaveLargeTilesAndSmallOnesAreShared() {
        Tiling large = Tiling.of(16, new Shape(16, 24, 24), 3, PLENTY);
        assertTrue(large.tile() > 2, large.toString());
        Tiling small = Tiling.of(24, new Shape(28, 4, 4), 3, PLENTY);
        assertEquals(2, small.tile(), small.toString());
        assertTrue(small.shares() > 1, small.toString());
    }

    @Test
    void thereAreNoMoreCopiesOfTheOutputThanFit() {
        Shape shape = new Shape(28, 4, 4);
        long copy = Unit.bytes(shape);
        assertEquals(1, Tiling.of(24, shape, 3, 2 * copy - 1).shares());
        for (int copies = 2; copies < 8; copies++) {
            int shares = Tiling.of(24, shape, 3, copies * copy).shares();
            assertTrue(shares > 1 && shares <= copies, shares + " of " + copies);
        }
    }

    @Test
    void noShareIsEmpty() {
        assertEquals(1, Tiling.of(1, new Shape(16, 4, 4), 3, PLENTY).shares());
        assertTrue(Tiling.of(8, new Shape(16, 4, 4), 3, PLENTY).shares() <= 2);
    }

    @Test
    void singlePixelsHaveOneTile() {
        assertEquals(2, Tiling.of(64, new Shape(64, 24, 24), 1, PLENTY).tile());
    }
}
