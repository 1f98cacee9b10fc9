package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.recipe.Optimizer;
import java.util.List;
import org.junit.jupiter.api.Test;

class FloorTest {
    /// 4×4 pixels, 2 filters of 3×3 without padding, 3 classes: 2·3·3·2·2 = 72 and 8·3 = 24 multiply-adds forward,
    /// 2·9 + 8·3 + 3 = 45 parameters.
    private static final Network SMALL = new Network(
            new Shape(1, 4, 4),
            3,
            List.of(new Layer.Conv(2, 3, 1, 0, false), new Layer.Dense(3, true), new Layer.Softmax()));

    private static final Optimizer.Muon MUON = new Optimizer.Muon(0.01, 0.95, 0.9, 0.999, 1e-8, 0);
    private static final Optimizer ADAMW = MUON.rest();

    @Test
    void theFirstLayerPassesNoGradientOn() {
        assertEquals(3 * (72 + 24) - 72, Floor.of(SMALL, ADAMW).multiplyAdds());
    }

    @Test
    void everyByteMovesOnce() {
        assertEquals(16 + 1, Floor.of(SMALL, ADAMW).imageBytes());
        assertEquals(45 * 4 * 4 * 2, Floor.of(SMALL, ADAMW).stateBytes());
        assertEquals((45 * 4 - 18) * 4 * 2, Floor.of(SMALL, MUON).stateBytes());
    }

    @Test
    void theSlowerOfArithmeticAndMovementIsTheFloor() {
        Floor floor = new Floor(10, 5, 100);
        assertEquals(2.0 * 10 * 3 / 6, floor.stepSeconds(3, 6, 1e9));
        assertEquals((3 * 5 + 100) / 23.0, floor.stepSeconds(3, 1e9, 23));
    }
}
