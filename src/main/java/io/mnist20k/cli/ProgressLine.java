package io.mnist20k.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
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
                .setTaskName("epoch")
                .setInitialMax(images)
                .startsFrom(done, java.time.Duration.ZERO)
                .setStyle(ProgressBarStyle.ASCII)
                .showSpeed(new DecimalFormat("#,##0 images", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setConsumer(line)
                .build();
    }

    /// Whether standard error is a terminal, so that a line can be drawn over.
    static boolean isPossible() {
        try {
            return TerminalProvider.load("exec").isSystemStream(SystemStream.Error);
        } catch (IOException e) {
            return false;
        }
    }

    void show(long images, String message) {
        bar.stepTo(images).setExtraMessage(message);
    }

    /// Takes the line away while something else is printed.
    void above(Runnable printing) {
        line.above(printing);
    }

    @Override
    public void close() {
        bar.close();
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
