package io.mnist20k.bench;

import java.util.List;

/// Images a second, round by round.
///
/// @param rounds       as measured, at least one
/// @param multiplyAdds of one image by the definition of the operations, however the engine gets around them
public record Rate(List<Double> rounds, long multiplyAdds) {
    /// The middle one; of an even number of rounds the mean of the middle two.
    public double median() {
        double[] sorted =
                rounds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    public double least() {
        return rounds.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    public double most() {
        return rounds.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    /// Operations a second, two a multiply-add.
    public double nominalFlops() {
        return 2 * multiplyAdds * median();
    }
}
