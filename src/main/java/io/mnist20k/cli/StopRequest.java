package io.mnist20k.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/// Whether the person, or the system, asked the run to stop. While it is open, SIGINT (Ctrl-C), SIGTERM and SIGHUP ask;
/// the same signal once more, in a second or later, ends the process at once.
///
/// One request may come as several signals: a terminal, `timeout` and others give theirs to a [restarted][Restart]
/// program and to its parent alike, and the parent passes it on as SIGTERM. So different signals are one request, and
/// so are equal ones within a second.
final class StopRequest implements BooleanSupplier, AutoCloseable {
    private static final Map<String, Integer> SIGNALS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

    private static final long ONE_REQUEST_NANOS = 1_000_000_000;

    private final PrintWriter err;
    private final List<Runnable> handlersBefore = new ArrayList<>();
    private final LongSupplier clock;
    private final IntConsumer end;
    private volatile @Nullable String signal;
    private long asked;

    StopRequest(PrintWriter err) {
        this(err, System::nanoTime, Runtime.getRuntime()::halt);
    }

    /// @param clock nanoseconds
    /// @param end   ends the process with an exit code
    StopRequest(PrintWriter err, LongSupplier clock, IntConsumer end) {
        this.err = err;
        this.clock = clock;
        this.end = end;
        SIGNALS.keySet().forEach(name -> {
            // null where this system has no such signal
            Object before = Signals.register(name, () -> received(name));
            if (before != null) {
                handlersBefore.add(() -> Signals.unregister(name, before));
            }
        });
    }

    synchronized void received(String name) {
        if (name.equals(signal) && clock.getAsLong() - asked > ONE_REQUEST_NANOS) {
            end.accept(exitCode());
        }
        if (signal == null) {
            signal = name;
            asked = clock.getAsLong();
            err.println("stopping after this step; once more, at least a second later, ends at once");
        }
    }

    @Override
    public boolean getAsBoolean() {
        return signal != null;
    }

    /// 128 and the signal's number, as shells have it.
    int exitCode() {
        return 128 + SIGNALS.getOrDefault(signal, 0);
    }

    @Override
    public String toString() {
        return signal == null ? "no signal" : "SIG" + signal;
    }

    @Override
    public void close() {
        handlersBefore.forEach(Runnable::run);
    }
}
