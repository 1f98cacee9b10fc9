package io.mnist20k.cli;

import io.mnist20k.Units;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressState;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;

/// The last line of a terminal, which shows how far a run is. Other lines are printed above it.
final class ProgressLine implements AutoCloseable {
    /// Fits every terminal in use.
    private static final int WIDTH = 79;

    private static final int UPDATE_MILLIS = 200;

    private final Line line;
    private final ProgressBar bar;

    /// @param images of the whole run
    /// @param done   images of it that an earlier process trained
    ProgressLine(PrintWriter err, long images, long done) {
        this.line = new Line(err);
        this.bar = new ProgressBarBuilder()
                .setInitialMax(images)
                .startsFrom(done, Duration.ZERO)
                .setRenderer(ProgressLine::render)
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setConsumer(line)
                .build();
    }

    /// `epoch 3/19, loss 0.0521  [=======           ]   5,210 images/s  3 min 20 s left`; speed and time left are those
    /// of the whole run so far, validation and all.
    static String render(ProgressState state, int width) {
        double seconds = state.getElapsedAfterStart().toMillis() * 1e-3;
        double speed = (state.getCurrent() - state.getStart()) / Math.max(seconds, 1e-3);
        String pace = speed == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "  %,7.0f images/s  %s left",
                        speed,
                        Units.duration((state.getMax() - state.getCurrent()) / speed));
        int room = Math.max(0, width - state.getExtraMessage().length() - pace.length() - 4);
        int filled = (int) (room * state.getNormalizedProgress());
        return state.getExtraMessage() + "  [" + "=".repeat(filled) + " ".repeat(room - filled) + "]" + pace;
    }

    /// Whether standard error is a terminal, so that a line can be drawn over.
    static boolean isPossible() {
        try {
            return TerminalProvider.load("ffm").isSystemStream(SystemStream.Error);
        } catch (IOException e) {
            return false;
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
        private boolean closed;

        Line(PrintWriter err) {
            this.err = err;
        }

        @Override
        public int getMaxRenderedLength() {
            return WIDTH;
        }

        @Override
        public synchronized void accept(String rendered) {
            if (!closed) {
                err.print("\r" + rendered + " ".repeat(Math.max(0, WIDTH - rendered.length())));
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
            err.print("\r" + " ".repeat(WIDTH) + "\r");
            err.flush();
        }
    }
}
