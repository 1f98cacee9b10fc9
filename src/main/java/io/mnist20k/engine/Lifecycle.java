package io.mnist20k.engine;

import java.util.function.IntSupplier;

/// What a session may be asked for when, the same on all devices: parameters come first, an observer asks for nothing,
/// and after the end nobody does.
public final class Lifecycle {
    private boolean restored;
    /// Looked at by observers, on whichever thread is at work.
    private volatile boolean trains;

    private boolean over;

    /// Goes before what needs no parameters.
    ///
    /// @throws IllegalStateException where the session is closed or training
    public void requireOpen() {
        if (over) {
            throw new IllegalStateException("this session is closed");
        }
        requireIdle();
    }

    /// Goes before what needs parameters.
    ///
    /// @throws IllegalStateException where the session is closed or training, or was never restored
    public void requireRestored() {
        requireOpen();
        if (!restored) {
            throw new IllegalStateException("this session has no parameters yet; restore a state first");
        }
    }

    private void requireIdle() {
        if (trains) {
            throw new IllegalStateException(
                    "this session is training; wait for it, or stop it by an observer's answer");
        }
    }

    /// The parameters have come.
    public void restored() {
        restored = true;
    }

    /// Trains, and is training meanwhile.
    public int train(IntSupplier steps) {
        trains = true;
        try {
            return steps.getAsInt();
        } finally {
            trains = false;
        }
    }

    /// Closes the session.
    ///
    /// @return whether that is for the first time, and there is something to free
    /// @throws IllegalStateException where it is training
    public boolean close() {
        requireIdle();
        boolean first = !over;
        over = true;
        return first;
    }

    /// A failure has ended the session, in the middle of whatever it did.
    public void end() {
        over = true;
    }
}
