package io.mnist20k.train;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// How far a run is.
///
/// @param epochs          the finished ones
/// @param step            steps done of the epoch after those
/// @param lossSum         over that epoch's samples so far, nats, with label smoothing
/// @param correct         of that epoch's samples so far
/// @param trainingSeconds that epoch took so far
public record Progress(List<EpochRecord> epochs, int step, double lossSum, long correct, double trainingSeconds) {
    /// Nothing done yet.
    public static final Progress START = new Progress(List.of(), 0, 0, 0, 0);

    public Progress {
        epochs = List.copyOf(epochs);
    }

    public int epochsDone() {
        return epochs.size();
    }

    /// Whether a run can be so far: its epochs are numbered, and its numbers finite.
    boolean isPossible() {
        return IntStream.range(0, epochs.size()).allMatch(i -> epochs.get(i).epoch() == i + 1)
                && epochs.stream().allMatch(EpochRecord::isFinite)
                && Double.isFinite(lossSum)
                && Double.isFinite(trainingSeconds);
    }

    Progress after(EpochRecord epoch) {
        var all = new ArrayList<>(epochs);
        all.add(epoch);
        return new Progress(all, 0, 0, 0, 0);
    }

    List<Double> trainingLosses() {
        return epochs.stream().map(EpochRecord::trainLoss).toList();
    }
}
