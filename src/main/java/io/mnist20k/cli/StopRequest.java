package io.mnist20k.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/// Whether the person, or the system, asked the run to stop. While it is open, SIGINT (Ctrl-C), SIGTERM and SIGHUP ask;
/// the same signal a second time ends the process at once.
///
/// Two different signals are one request: a terminal gives Ctrl-C to a [restarted][Restart] program and to its parent
/// alike, and the parent passes it on as SIGTERM.
final class StopRequest implements BooleanSupplier, AutoCloseable {
    private static final Map<String, Integer> SIGNALS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

    private final PrintWriter err;
    private final List<Runnable> handlersBefore = new ArrayList<>();
    private volatile @Nullable String signal;

    StopRequest(PrintWriter err) {
        this.err = err;
        SIGNALS.keySet().forEach(name -> {
            // null where this system has no such signal
            Object before = Signals.register(name, () -> received(name));
            if (before != null) {
                handlersBefore.add(() -> Signals.unregister(name, before));
            }
        });
    }

    private synchronized void received(String name) {
        if (name.equals(signal)) {
            Runtime.getRuntime().halt(exitCode());
        }
        if (signal == null) {
            signal = name;
            err.println("stopping after this step; once more ends at once");
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
