package io.mnist20k.bench;

import io.mnist20k.engine.Roofline;
import io.mnist20k.network.Network;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a [Bench] has found.
///
/// @param training  of the recipe, distortions included
/// @param inference of the trained model
/// @param roofline  where the engine can measure it
/// @param layers    of the training step, in the order in which it is done; empty unless asked for
public record Measured(
        Network network,
        Rate training,
        Rate inference,
        @Nullable Roofline roofline,
        List<LayerTime> layers) {}
