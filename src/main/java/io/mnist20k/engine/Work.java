package io.mnist20k.engine;

import io.mnist20k.network.Stage;
import java.util.List;

/// A piece of the work of a training step, as an engine divides it.
///
/// @param layers       that it belongs to, in the network's order; none where it belongs to the step as a whole
/// @param multiplyAdds of one image by the definition of the operation, however an engine may get around them
/// @param bytes        of one image that have to be read and written at least: each tensor of the pass once
public record Work(List<String> layers, Pass pass, long multiplyAdds, long bytes) {
    /// @param floats of one image that the pass reads or writes
    public static Work of(List<Stage> stages, Pass pass, long floats) {
        boolean multiplies = switch (pass) {
            case FORWARD, WEIGHT_GRADIENT, DATA_GRADIENT -> true;
            case LOAD, STATISTICS, LOSS, BACKWARD, UPDATE, PACK, WAIT -> false;
        };
        return new Work(
                stages.stream().map(Stage::name).toList(),
                pass,
                multiplies ? stages.stream().mapToLong(Stage::multiplyAdds).sum() : 0,
                floats * Float.BYTES);
    }

    /// Of the step as a whole.
    public static Work ofStep(Pass pass, long bytes) {
        return new Work(List.of(), pass, 0, bytes);
    }
}
