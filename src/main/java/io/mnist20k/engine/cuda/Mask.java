package io.mnist20k.engine.cuda;

import io.mnist20k.network.Layer;
import java.util.List;

/// What the kernels need to know to draw a dropout's mask; `docs/OPERATIONS.md` says how.
///
/// @param layer     index of the dropout in the network
/// @param threshold 0 where nothing is dropped, and nothing drawn
/// @param keptScale what a kept element is multiplied with
/// @param channels  whether channels are dropped, and not elements
record Mask(int layer, int threshold, float keptScale, boolean channels) {
    static final Mask NONE = new Mask(0, 0, 1, false);

    static Mask of(int index, Layer layer) {
        return switch (layer) {
            case Layer.Dropout(double rate) -> of(index, rate, false);
            case Layer.Dropout2d(double rate) -> of(index, rate, true);
            default -> NONE;
        };
    }

    /// The same, but that nothing is dropped.
    Mask idle() {
        return new Mask(layer, 0, 1, channels);
    }

    /// As kernels take it, after one another.
    List<Object> parameters(long seed) {
        return List.of(seed, layer, threshold, keptScale, channels ? 1 : 0);
    }

    private static Mask of(int index, double rate, boolean channels) {
        return new Mask(index, Math.toIntExact(Math.round(65536 * rate)), (float) (1 / (1 - rate)), channels);
    }
}
