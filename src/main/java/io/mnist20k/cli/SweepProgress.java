package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.UserError;
import io.mnist20k.sweep.RunResult;
import io.mnist20k.sweep.Sweep;
import io.mnist20k.train.RunSettings;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongSupplier;

/// A sweep as it goes: a line a run, with the time that the others will take by those that ran now.
final class SweepProgress implements Sweep.Listener {
    private final PrintWriter lines;
    private final PrintWriter err;
    private final Function<RunSettings, String> name;
    private final int runs;
    private final int atATime;
    private final LongSupplier nanoTime;
    private final long begin;
    private int found;
    private int done;

    /// @param name     of a run's recipe
    /// @param runs     how many there are, those that are finished already among them
    /// @param atATime  how many are at work at once
    /// @param nanoTime as [System#nanoTime]
    SweepProgress(
            PrintWriter lines,
            PrintWriter err,
            Function<RunSettings, String> name,
            int runs,
            int atATime,
            LongSupplier nanoTime) {
        this.lines = lines;
        this.err = err;
        this.name = name;
        this.runs = runs;
        this.atATime = atATime;
        this.nanoTime = nanoTime;
        this.begin = nanoTime.getAsLong();
    }

    void begins(DeviceOptions.ForRuns device) {
        lines.println("%s, %s at a time, on %s"
                .formatted(
                        Units.counted(runs, "run"),
                        device.atATime(),
                        device.choice().reason()));
        lines.flush();
    }

    @Override
    public void found(RunSettings run, RunResult result) {
        found++;
        tell(run, result, ", done before");
    }

    @Override
    public void done(RunSettings run, RunResult result) {
        done++;
        int left = runs - found - done;
        tell(run, result, left == 0 ? "" : ", about " + Units.duration(secondsOf(left)) + " left");
    }

    /// While the first of a round of runs side by side is done, the others of the round are nearly so.
    private double secondsOf(int left) {
        double elapsed = (nanoTime.getAsLong() - begin) * 1e-9;
        return elapsed / Math.ceilDiv(done, atATime) * left / atATime;
    }

    private void tell(RunSettings run, RunResult result, String remark) {
        lines.println("%s, seed %s: %s (%s of %s%s)"
                .formatted(
                        name.apply(run),
                        result.seed(),
                        result.hasDiverged()
                                ? "diverged"
                                : Units.percent(Objects.requireNonNull(result.finalAccuracy())),
                        found + done,
                        runs,
                        remark));
        lines.flush();
    }

    @Override
    public void failed(RunSettings run, UserError reason) {
        err.println("mnist20k: %s, seed %s: %s".formatted(name.apply(run), run.seed(), reason.getMessage()));
        err.flush();
    }

    boolean anyDone() {
        return found + done > 0;
    }
}
