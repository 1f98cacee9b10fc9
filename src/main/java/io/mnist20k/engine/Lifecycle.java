package io.mnist20k.engine;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/// What a session may be asked for when, the same on all devices: parameters come first, one thing is done at a time,
/// an observer asks for nothing, and after the end nobody does.
public final class Lifecycle {
    private static final String NOTHING = "";

    /// What is being done, in words, for who asks for something else meanwhile.
    private final AtomicReference<String> doing = new AtomicReference<>(NOTHING);

    private volatile boolean restored;
    private volatile boolean over;

    /// Goes before what only looks.
    ///
    /// @throws IllegalStateException where the session is closed or at work
    public void requireOpen() {
        requireNotOver();
        requireIdle(doing.get());
    }

    private void requireNotOver() {
        if (over) {
            throw new IllegalStateException("this session is closed");
        }
    }

    private static void requireIdle(String doing) {
        if (!doing.equals(NOTHING)) {
            throw new IllegalStateException("this session is " + doing + "; wait for it, "
                    + (doing.equals("training")
                            ? "or let its observer stop it"
                            : "and let threads that share a session take turns"));
        }
    }

    /// Takes parameters.
    ///
    /// @throws IllegalStateException where the session is closed or at work
    public void restore(Runnable work) {
        alone("restoring a state", () -> {
            work.run();
            restored = true;
            return restored;
        });
    }

    /// Does what needs parameters.
    ///
    /// @param what `training` or the like
    /// @throws IllegalStateException where the session is closed or at work, or was never restored
    public <T> T use(String what, Supplier<T> work) {
        return alone(what, () -> {
            if (!restored) {
                throw new IllegalStateException("this session has no parameters yet; restore a state first");
            }
            return work.get();
        });
    }

    private <T> T alone(String what, Supplier<T> work) {
        requireIdle(doing.compareAndExchange(NOTHING, what));
        try {
            requireNotOver(); // now that nobody else can close it
            return work.get();
        } finally {
            doing.set(NOTHING);
        }
    }

    /// Closes the session.
    ///
    /// @return whether that is for the first time, and there is something to free
    /// @throws IllegalStateException where it is at work
    public boolean close() {
        requireIdle(doing.compareAndExchange(NOTHING, "being closed"));
        boolean first = !over;
        over = true;
        doing.set(NOTHING);
        return first;
    }

    /// A failure has ended the session, in the middle of whatever it did.
    public void end() {
        over = true;
    }
}
