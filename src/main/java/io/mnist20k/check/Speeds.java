package io.mnist20k.check;

import io.mnist20k.recipe.RecipeReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// The training speeds of one check, to be held against the floor once that is known.
final class Speeds {
    private final List<Speed> speeds = new ArrayList<>();

    private record Speed(String what, int batch, double imagesPerSecond) {}

    /// @param batch images a step
    void add(String what, int batch, double imagesPerSecond) {
        speeds.add(new Speed(what, batch, imagesPerSecond));
    }

    /// @param ceilings what the part `floor` measured
    /// @return that, and the time of each speed as a multiple of the floor in single precision
    Map<String, Object> overFloor(JsonNode ceilings) {
        var measured = new LinkedHashMap<String, Object>();
        ceilings.properties().forEach(entry -> measured.put(entry.getKey(), entry.getValue()));
        Floor floor = Floor.of(RecipeReader.read("default", List.of()).build());
        double flops = ceilings.get(Measurement.FLOPS).doubleValue();
        double bytes = ceilings.get(Measurement.BYTES).doubleValue();
        for (Speed speed : speeds) {
            double seconds = speed.batch / speed.imagesPerSecond;
            measured.put("times the floor: " + speed.what, seconds / floor.stepSeconds(speed.batch, flops, bytes));
        }
        return measured;
    }
}
