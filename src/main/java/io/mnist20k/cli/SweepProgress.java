package io.mnist20k.cli;

import io.mnist20k.UserError;
import io.mnist20k.sweep.RunResult;
import io.mnist20k.sweep.Sweep;
import io.mnist20k.train.RunSettings;
import java.io.PrintWriter;
import java.util.Objects;

/// A sweep as it goes: a line a run.
final class SweepProgress implements Sweep.Listener {
    private final PrintWriter lines;
    private final PrintWriter err;
    private final int runs;
    private final long begin = System.nanoTime();
    private int done;

    /// @param runs how many there are
    SweepProgress(PrintWriter lines, PrintWriter err, int runs) {
        this.lines = lines;
        this.err = err;
        this.runs = runs;
    }

    void begins(DeviceOptions.ForRuns device) {
        lines.println("%s %s, %d at a time, on %s"
                .formatted(
                        Units.count(runs),
                        runs == 1 ? "run" : "runs",
                        device.atATime(),
                        device.choice().reason()));
        lines.flush();
    }

    @Override
    public void done(RunResult result) {
        done++;
        double elapsed = (System.nanoTime() - begin) * 1e-9;
        lines.println("%s, seed %d: %s (%d of %d%s)"
                .formatted(
                        result.recipe(),
                        result.seed(),
                        result.hasDiverged()
                                ? "diverged"
                                : Units.percent(Objects.requireNonNull(result.finalAccuracy())),
                        done,
                        runs,
                        done == runs ? "" : ", about " + Units.duration(elapsed / done * (runs - done)) + " left"));
        lines.flush();
    }

    @Override
    public void failed(RunSettings run, UserError reason) {
        err.println("mnist20k: %s, seed %d: %s".formatted(run.recipe().name(), run.seed(), reason.getMessage()));
        err.flush();
    }

    boolean anyDone() {
        return done > 0;
    }
}
