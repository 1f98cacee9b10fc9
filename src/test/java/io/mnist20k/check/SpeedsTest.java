package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.mnist20k.recipe.RecipeReader;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class SpeedsTest {
    @Test
    void aSpeedAtTheFloorIsOnceTheFloor() {
        var ceilings = Map.of(Measurement.FLOPS, 1e12, Measurement.BYTES, 1e12);
        Floor floor = Floor.of(RecipeReader.read("default", List.of()).build());
        var speeds = new Speeds();
        speeds.add("at it", 128, 128 / floor.stepSeconds(128, 1e12, 1e12));
        speeds.add("half as fast", 64, 32 / floor.stepSeconds(64, 1e12, 1e12));
        Map<String, Object> measured = speeds.overFloor(JsonMapper.shared().valueToTree(ceilings));
        assertEquals(1, multiple(measured, "at it"), 1e-12);
        assertEquals(2, multiple(measured, "half as fast"), 1e-12);
    }

    private static double multiple(Map<String, Object> measured, String what) {
        return assertInstanceOf(Double.class, measured.get("times the floor: " + what));
    }
}
