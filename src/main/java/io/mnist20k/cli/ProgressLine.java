package io.mnist20k.cli;

import io.mnist20k.Units;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressState;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;

/// The last line of a terminal, which shows how far a run is. Other lines are printed above it.
final class ProgressLine implements AutoCloseable {
    /// Of the line where the terminal has room for it, or does not say what it has.
    private static final int WIDTH = 79;

    /// Of a bar that says anything.
    private static final int LEAST_BAR = 8;

    /// All from the cursor to the end of the screen, to which a line wraps that a terminal made narrower.
    private static final String ERASE = "\r\u001b[J";

    private static final int UPDATE_MILLIS = 200;

    private final Line line;
    private final ProgressBar bar;

    /// @param columns of the terminal, which may change; 0 where it does not say
    /// @param images  of the whole run
    /// @param done    images of it that an earlier process trained
    ProgressLine(PrintWriter err, IntSupplier columns, long images, long done) {
        this.line = new Line(err, columns);
        this.bar = new ProgressBarBuilder()
                .setInitialMax(images)
                .startsFrom(done, Duration.ZERO)
                .setRenderer(ProgressLine::render)
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setConsumer(line)
                .build();
    }

    /// `epoch 3/19, loss 0.0521  [=======           ]   5,210 images/s  3 min 20 s left`; speed and time left are those
    /// of the whole run so far, validation and all. What there is no room for is left out: first the speed,
    /// then the bar, then the time.
    static String render(ProgressState state, int width) {
        double seconds = state.getElapsedAfterStart().toMillis() * 1e-3;
        double speed = (state.getCurrent() - state.getStart()) / Math.max(seconds, 1e-3);
        String message = state.getExtraMessage();
        String pace = speed == 0 ? "" : String.format(Locale.ROOT, "  %,7.0f images/s", speed);
        String left = speed == 0 ? "" : "  " + left(state.getMax() - state.getCurrent(), speed);
        if (width < message.length() + 4 + LEAST_BAR + pace.length() + left.length()) {
            pace = "";
        }
        if (width < message.length() + left.length()) {
            left = "";
        }
        int room = width - message.length() - 4 - pace.length() - left.length();
        int filled = (int) (room * state.getNormalizedProgress());
        String bar = room < LEAST_BAR ? "" : "  [" + "=".repeat(filled) + " ".repeat(room - filled) + "]";
        String line = message + bar + pace + left;
        return line.substring(0, Math.min(width, line.length()));
    }

    private static String left(long images, double speed) {
        return images == 0 ? "validation left" : Units.duration(images / speed) + " left";
    }

    /// How many columns standard error has, where it is a terminal on which a line can be drawn over.
    static Optional<IntSupplier> columns() {
        try {
            TerminalProvider provider = TerminalProvider.load("ffm");
            return provider.isSystemStream(SystemStream.Error) && !"dumb".equals(System.getenv("TERM"))
                    ? Optional.of(() -> provider.systemStreamWidth(SystemStream.Error))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    void show(long images, String message) {
        bar.setExtraMessage(message).stepTo(images);
    }

    /// Takes the line away while something else is printed.
    void above(Runnable printing) {
        line.above(printing);
    }

    @Override
    public void close() {
        bar.close();
        line.close(); // a bar that is closed before its first update does not close what it draws on
    }

    private static final class Line implements ProgressBarConsumer {
        private final PrintWriter err;
        private final IntSupplier columns;
        private boolean closed;

        Line(PrintWriter err, IntSupplier columns) {
            this.err = err;
            this.columns = columns;
        }

        /// One less than the terminal has: in the last one, some go on to the next line.
        @Override
        public int getMaxRenderedLength() {
            int now = columns.getAsInt();
            return now <= 0 ? WIDTH : Math.min(WIDTH, now - 1);
        }

        /// The cursor waits where the line begins, and stays there when the terminal gets narrower.
        @Override
        public synchronized void accept(String rendered) {
            if (!closed) {
                err.print(ERASE + rendered + "\r");
                err.flush();
            }
        }

        synchronized void above(Runnable printing) {
            erase();
            printing.run();
        }

        @Override
        public synchronized void close() {
            closed = true;
            erase();
        }

        private void erase() {
            err.print(ERASE);
            err.flush();
        }
    }
}
