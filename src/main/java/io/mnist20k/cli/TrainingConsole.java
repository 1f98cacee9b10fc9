package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.TrainingListener;
import java.io.PrintWriter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Shows a run while it lasts: the network, a line an epoch, and on a terminal a progress bar.
final class TrainingConsole implements TrainingListener, AutoCloseable {
    static final String HEADINGS =
            "epoch    loss  accuracy  validation loss  validation accuracy  learning rate  images/s     time";

    private final PrintWriter lines;
    private final PrintWriter err;
    private final boolean showsProgress;
    private final String device;
    private @Nullable ProgressLine progress;
    private @Nullable Start start;

    /// @param lines         where the table and the epochs go
    /// @param showsProgress whether there is to be a progress bar where `err` is a terminal
    /// @param device        which one it is, and why
    TrainingConsole(PrintWriter lines, PrintWriter err, boolean showsProgress, String device) {
        this.lines = lines;
        this.err = err;
        this.showsProgress = showsProgress;
        this.device = device;
    }

    @Override
    public void started(Start start) {
        this.start = start;
        lines.println("device " + device);
        NetworkTable.lines(start.network()).forEach(lines::println);
        lines.println("%s training and %s; seed %s, batches of %s, %s; run directory %s"
                .formatted(
                        Units.count(start.trainingImages()),
                        Units.counted(start.validationImages(), start.settings().validation() + " image"),
                        start.settings().seed(),
                        start.settings().recipe().batch(),
                        Units.counted(start.settings().recipe().epochs(), "epoch"),
                        Printable.of(start.directory().toString())));
        if (start.epochsDone() > 0 || start.stepsDone() > 0) {
            lines.println("resuming after " + Units.counted(start.epochsDone(), "epoch") + " and "
                    + Units.counted(start.stepsDone(), "step"));
        }
        lines.println();
        lines.println(HEADINGS);
        if (showsProgress) {
            progress = ProgressLine.columns()
                    .map(columns -> new ProgressLine(
                            err,
                            columns,
                            images(start, start.settings().recipe().epochs(), 0),
                            images(start, start.epochsDone(), start.stepsDone())))
                    .orElse(null);
        }
    }

    @Override
    public void stepDone(int epoch, int step, double meanLoss) {
        if (progress != null && start != null) {
            progress.show(
                    images(start, epoch - 1, step),
                    String.format(
                            Locale.ROOT,
                            "epoch %d/%d, loss %.4f",
                            epoch,
                            start.settings().recipe().epochs(),
                            meanLoss));
        }
    }

    @Override
    public void epochDone(EpochRecord epoch) {
        String line = line(epoch);
        if (progress != null) {
            progress.above(() -> lines.println(line));
        } else {
            lines.println(line);
        }
    }

    static String line(EpochRecord epoch) {
        return String.format(
                Locale.ROOT,
                "%5d  %6.4f  %8s  %15.4f  %19s  %13.3g  %,8.0f  %7s",
                epoch.epoch(),
                epoch.trainLoss(),
                Units.percent(epoch.trainAccuracy()),
                epoch.validationLoss(),
                Units.percent(epoch.validationAccuracy()),
                epoch.learningRate(),
                epoch.imagesPerSecond(),
                Units.duration(epoch.seconds()));
    }

    private static long images(Start start, int epochs, int steps) {
        return (long) epochs * start.trainingImages()
                + Math.min((long) steps * start.settings().recipe().batch(), start.trainingImages());
    }

    @Override
    public void close() {
        if (progress != null) {
            progress.close();
        }
    }
}
