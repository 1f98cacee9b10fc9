package io.mnist20k.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/// Closes what it was given, last first, and goes on where closing one of them fails.
///
/// ```java
/// Owner owner = new Owner();
/// try {
///     weights = owner.own(new DeviceBuffer(gpu, bytes));
///     …
/// } catch (RuntimeException | Error failure) {
///     owner.closeAfter(failure);
///     throw failure;
/// }
/// ```
public final class Owner implements AutoCloseable {
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    /// @return what it was given
    public <T extends AutoCloseable> T own(T object) {
        owned.push(object);
        return object;
    }

    /// Closes everything because of a failure that is about to be thrown; failures of closing are added to
    /// it.
    public void closeAfter(Throwable failure) {
        try {
            close();
        } catch (RuntimeException second) {
            failure.addSuppressed(second);
        }
    }

    /// @throws RuntimeException the first failure of closing, with the others as suppressed, after everything
    ///                          was tried
    @Override
    public void close() {
        RuntimeException first = null;
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception failure) {
                if (first == null) {
                    first = failure instanceof RuntimeException unchecked
                            ? unchecked
                            : new IllegalStateException(failure);
                } else {
                    first.addSuppressed(failure);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
