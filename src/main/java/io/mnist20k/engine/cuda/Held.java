package io.mnist20k.engine.cuda;

import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A place for one thing that is replaced where it does not fit any more. Nothing queued on the device may use it then.
final class Held<T extends AutoCloseable> implements AutoCloseable {
    private @Nullable T object;

    T get(Predicate<T> fits, Supplier<T> create) {
        T held = object;
        if (held != null && fits.test(held)) {
            return held;
        }
        close();
        T created = create.get();
        object = created;
        return created;
    }

    @Override
    public void close() {
        T closed = object;
        object = null;
        if (closed != null) {
            try {
                closed.close();
            } catch (RuntimeException failure) {
                throw failure;
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }
    }
}
