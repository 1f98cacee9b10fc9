package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.engine.Layers;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.RecipeReader;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ConvolutionUnitsTest {
    /// Of a block on Hopper.
    private static final int SHARED_BYTES = 227 << 10;

    @ParameterizedTest
    @ValueSource(strings = {"default", "small", "sprint"})
    void recipesOfThisProgramAreNetworksOfUnits(String recipe) {
        Network network = RecipeReader.read(recipe, List.of()).build();
        Units units = Units.of(network, SHARED_BYTES).orElseThrow();
        int layers = units.units().stream().mapToInt(Unit::layers).sum();
        assertEquals(network.stages().size(), layers + 3, "and a global pooling, a dense layer, softmax");
        assertEquals(network.classes(), units.head().classes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv 8 5 1 0, norm, relu, average, dense 10",
                "conv 8 3 2 0, norm, relu, average, dense 10",
                "biasConv 8 3 1 0, norm, relu, average, dense 10",
                "conv 8 3 1 0, relu, average, dense 10",
                "conv 8 3 1 0, norm, average, dense 10",
                "conv 8 3 1 0, norm, relu, pool 3 2, average, dense 10",
                "conv 8 3 1 0, norm, relu, dropout 0.1, pool 2 2, average, dense 10",
                "conv 8 3 1 0, norm, relu, dense 10",
                "conv 10 3 1 0, norm, relu, average",
                "conv 8 3 1 0, norm, relu, conv 10 1 1 0, maximum",
                "conv 8 3 1 0, norm, relu, conv 10 3 1 0, average",
                "dense 10"
            })
    void otherNetworksAreNot(String layers) {
        assertTrue(Units.of(Layers.network(layers), SHARED_BYTES).isEmpty());
    }

    @Test
    void imagesThatDoNotFitIntoSharedMemoryAreNot() {
        Network network = RecipeReader.read("default", List.of()).build();
        assertTrue(Units.of(network, 48 << 10).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {120 << 10, 163 << 10, 227 << 10})
    void nothingTakesMoreSharedMemoryThanThereIs(int bytes) {
        Network network = RecipeReader.read("small", List.of()).build();
        Units units = Units.of(network, bytes).orElseThrow();
        for (int i = 0; i < units.units().size(); i++) {
            Unit unit = units.units().get(i);
            assertTrue(unit.forwardShared(units.maskBefore(i)) <= bytes, unit.name());
            assertTrue(unit.backwardShared(units.maskBefore(i)) <= bytes, unit.name());
        }
        assertTrue(units.headShared() <= bytes);
    }
}
