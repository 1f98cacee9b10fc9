package io.mnist20k.engine.cuda;

import io.mnist20k.engine.Region;
import io.mnist20k.network.Tensor;
import java.util.List;

/// Where the numbers of one batch normalisation are, one a channel each.
///
/// @param saved what the forward pass keeps for the backward one: means, then inverse deviations
record NormPlaces(
        DeviceState.Place scale,
        DeviceState.Place shift,
        DeviceState.Place runningMean,
        DeviceState.Place runningVariance,
        long saved) {
    /// @param parameters scale and shift
    /// @param statistics running mean and running variance
    static NormPlaces of(DeviceState state, List<Tensor> parameters, List<Tensor> statistics, Region saved) {
        return new NormPlaces(
                state.parameter(parameters.getFirst()),
                state.parameter(parameters.getLast()),
                state.statistic(statistics.getFirst()),
                state.statistic(statistics.getLast()),
                saved.address());
    }
}
