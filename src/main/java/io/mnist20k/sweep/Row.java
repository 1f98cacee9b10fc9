package io.mnist20k.sweep;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.mnist20k.train.Budget;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import org.apache.commons.statistics.distribution.TDistribution;
import org.jspecify.annotations.Nullable;

/// All seeds of one variant, together. Accuracies are of the last epoch's model, 0..1; those of runs that diverged
/// are not in them, so a row with any is to be read with care.
///
/// @param data        name of the dataset
/// @param validation  `test`, `held-out` or, where each seed has a split of its own, `re-drawn`
/// @param runs        finished, those that diverged left out
/// @param diverged    whose loss left the numbers
/// @param mean        accuracy; null where no run is left
/// @param deviation   of the accuracies, n - 1 in the denominator; null with fewer than two runs
/// @param loss        mean of the runs' last losses, nats; null where no run is left
/// @param minimum     accuracy
/// @param maximum     accuracy
/// @param halfWidth95 the mean of endlessly many seeds is within so much of `mean` with 95 % confidence, by
///                    Student's t; null with fewer than two runs
/// @param seconds     median of the loop alone, beside whatever else the machines did
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Row(
        String variant,
        String recipe,
        String device,
        String data,
        String validation,
        int limit,
        int parameters,
        int epochs,
        int batch,
        int runs,
        int diverged,
        @Nullable Double mean,
        @Nullable Double deviation,
        @Nullable Double loss,
        @Nullable Double minimum,
        @Nullable Double maximum,
        @Nullable Double halfWidth95,
        @Nullable Double seconds) {
    private static final double CONFIDENCE = 0.95;

    /// @param results at least one, all of one variant
    static Row of(List<RunResult> results) {
        RunResult first = results.getFirst();
        double[] accuracies = sorted(results, RunResult::finalAccuracy).toArray();
        double[] seconds = sorted(results, RunResult::trainSeconds).toArray();
        int n = accuracies.length;
        Double mean = n > 0 ? Arrays.stream(accuracies).sum() / n : null;
        Double deviation = mean != null && n > 1 ? deviation(accuracies, mean) : null;
        return new Row(
                first.variant(),
                first.recipe(),
                first.device(),
                first.data(),
                first.validation(),
                first.limit(),
                first.parameters(),
                first.epochs(),
                first.batch(),
                n,
                results.size() - n,
                mean,
                deviation,
                n > 0 ? sorted(results, RunResult::finalLoss).average().orElseThrow() : null,
                n > 0 ? accuracies[0] : null,
                n > 0 ? accuracies[n - 1] : null,
                deviation != null ? quantile(n - 1) * deviation / Math.sqrt(n) : null,
                n > 0 ? (seconds[(n - 1) / 2] + seconds[n / 2]) / 2 : null);
    }

    /// Whether the budget was lifted for it.
    @JsonIgnore
    public boolean isOverBudget() {
        return Budget.isExceeded(parameters, epochs);
    }

    /// Of the runs that did not diverge.
    private static DoubleStream sorted(List<RunResult> results, Function<RunResult, @Nullable Double> value) {
        return results.stream()
                .map(value)
                .filter(Objects::nonNull)
                .mapToDouble(a -> a)
                .sorted();
    }

    private static double deviation(double[] values, double mean) {
        double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        return Math.sqrt(squares / (values.length - 1));
    }

    private static double quantile(int degreesOfFreedom) {
        return TDistribution.of(degreesOfFreedom).inverseCumulativeProbability((1 + CONFIDENCE) / 2);
    }
}
