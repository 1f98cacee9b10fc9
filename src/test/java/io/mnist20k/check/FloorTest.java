package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class FloorTest {
    /// 4×4 pixels, 2 filters of 3×3 without padding, 3 classes: 2·3·3·2·2 = 72 and 8·3 = 24 multiply-adds forward,
    /// 2·9 + 8·3 + 3 = 45 parameters.
    private static final Network SMALL = new Network(
            new Shape(1, 4, 4),
            3,
            List.of(new Layer.Conv(2, 3, 1, 0, false), new Layer.Dense(3, true), new Layer.Softmax()));

    @Test
    void theFirstLayerPassesNoGradientOn() {
        assertEquals(3 * (72 + 24) - 72, Floor.of(SMALL).multiplyAdds());
    }

    @Test
    void everyByteMovesOnce() {
        assertEquals(16 + 1, Floor.of(SMALL).imageBytes());
        assertEquals(45 * 4 * 4 * 2, Floor.of(SMALL).stateBytes());
    }

    @Test
    void theSlowerOfArithmeticAndMovementIsTheFloor() {
        Floor floor = new Floor(10, 5, 100);
        assertEquals(2.0 * 10 * 3 / 6, floor.stepSeconds(3, 6, 1e9));
        assertEquals((3 * 5 + 100) / 23.0, floor.stepSeconds(3, 1e9, 23));
    }
}
