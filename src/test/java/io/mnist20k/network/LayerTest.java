package io.mnist20k.network;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

final class LayerTest {
    @Test
    void typesAreTheWordsOfRecipesAndTables() {
        assertEquals(
                List.of(
                        "conv",
                        "batchnorm",
                        "relu",
                        "maxpool",
                        "globalavgpool",
                        "globalmaxpool",
                        "dropout",
                        "dropout2d",
                        "dense",
                        "softmax"),
                List.of(
                                new Layer.Conv(1, 1, 1, 0, false),
                                new Layer.BatchNorm(1e-5, 0.1),
                                new Layer.Relu(),
                                new Layer.MaxPool(1, 1),
                                new Layer.GlobalAvgPool(),
                                new Layer.GlobalMaxPool(),
                                new Layer.Dropout(0),
                                new Layer.Dropout2d(0),
                                new Layer.Dense(1, false),
                                new Layer.Softmax())
                        .stream()
                        .map(Layer::type)
                        .toList());
    }

    @Test
    void valuesThatNoInputCouldUseAreRefusedByKey() {
        assertRefused("out is 0", () -> new Layer.Conv(0, 3, 1, 0, false));
        assertRefused("kernel is 0", () -> new Layer.Conv(1, 0, 1, 0, false));
        assertRefused("stride is -1", () -> new Layer.Conv(1, 3, -1, 0, false));
        assertRefused("padding is -1", () -> new Layer.Conv(1, 3, 1, -1, false));
        assertRefused("padding is 3", () -> new Layer.Conv(1, 3, 1, 3, false));
        assertRefused("epsilon is 0.0", () -> new Layer.BatchNorm(0, 0.1));
        assertRefused("epsilon is NaN", () -> new Layer.BatchNorm(Double.NaN, 0.1));
        assertRefused("momentum is 1.5", () -> new Layer.BatchNorm(1e-5, 1.5));
        assertRefused("kernel is 0", () -> new Layer.MaxPool(0, 1));
        assertRefused("stride is 0", () -> new Layer.MaxPool(1, 0));
        assertRefused("rate is -0.1", () -> new Layer.Dropout(-0.1));
        assertRefused("rate is 1.0", () -> new Layer.Dropout(1));
        assertRefused("rate is Infinity", () -> new Layer.Dropout2d(Double.POSITIVE_INFINITY));
        assertRefused("out is 0", () -> new Layer.Dense(0, true));
    }

    @Test
    void rangesIncludeTheirEndsAndNothingBeyond() {
        assertRange("epsilon", 1e-12, 1, epsilon -> new Layer.BatchNorm(epsilon, 0.1));
        assertRange("momentum", 1e-6, 1, momentum -> new Layer.BatchNorm(1e-5, momentum));
        assertRange("rate", 0, 0.95, Layer.Dropout::new);
        assertRange("rate", 0, 0.95, Layer.Dropout2d::new);
    }

    private static void assertRange(String key, double low, double high, DoubleFunction<Layer> making) {
        assertDoesNotThrow(() -> making.apply(low));
        assertDoesNotThrow(() -> making.apply(high));
        assertRefused(key + " is ", () -> making.apply(Math.nextDown(low)));
        assertRefused(key + " is ", () -> making.apply(Math.nextUp(high)));
    }

    private static void assertRefused(String fact, Supplier<Layer> making) {
        var refusal = assertThrows(IllegalArgumentException.class, making::get);
        assertTrue(refusal.toString().contains(fact), refusal::toString);
        assertTrue(refusal.toString().contains("expected"), refusal::toString);
    }
}
