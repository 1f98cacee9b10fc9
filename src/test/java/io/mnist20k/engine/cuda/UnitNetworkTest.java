package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.engine.Layers;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.RecipeReader;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class UnitNetworkTest {
    /// Of a block on Hopper.
    private static final int SHARED_BYTES = 227 << 10;

    @ParameterizedTest
    @ValueSource(strings = {"default", "small", "sprint"})
    void recipesOfThisProgramAreNetworksOfUnits(String recipe) {
        Network network = RecipeReader.read(recipe, List.of()).build();
        UnitNetwork units = UnitNetwork.of(network, SHARED_BYTES).orElseThrow();
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
        assertTrue(UnitNetwork.of(Layers.network(layers), SHARED_BYTES).isEmpty());
    }

    /// In the order of what the recipes take: a T4 has enough for two, a workstation's card for all.
    @ParameterizedTest
    @CsvSource({"48, 0", "64, 2", "99, 3", "163, 3", "227, 3"})
    void howManyOfThisProgramsRecipesFit(int kilobytes, int expected) {
        long fit = Stream.of("sprint", "small", "default")
                .takeWhile(recipe -> UnitNetwork.of(
                                RecipeReader.read(recipe, List.of()).build(), kilobytes << 10)
                        .isPresent())
                .count();
        assertEquals(expected, fit);
    }

    @ParameterizedTest
    @CsvSource({"99, conv2", "163, ''", "227, ''"})
    void whereMemoryIsShortWeightsComeLate(int kilobytes, String expected) {
        Network network = RecipeReader.read("default", List.of()).build();
        UnitNetwork units = UnitNetwork.of(network, kilobytes << 10).orElseThrow();
        String late = IntStream.range(0, units.units().size())
                .filter(i -> units.units().get(i).stagesLate(units.maskBefore(i)))
                .mapToObj(i -> units.units().get(i).name())
                .collect(Collectors.joining(", "));
        assertEquals(expected, late);
    }

    @Test
    void moreChannelsThanAWarpAGroupCanHaveAreNot() {
        assertTrue(
                UnitNetwork.of(Layers.network("conv 64 1 1 0, norm, relu, pool 7 7, average, dense 10"), SHARED_BYTES)
                        .isPresent());
        assertTrue(
                UnitNetwork.of(Layers.network("conv 65 1 1 0, norm, relu, pool 7 7, average, dense 10"), SHARED_BYTES)
                        .isEmpty());
    }
}
