package io.mnist20k.cuda;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/// A native object and its one owner: whoever made it closes it. Closing twice frees once, a free that failed
/// is not tried again, and an object that was closed cannot be used. Not safe for use by two threads at a
/// time.
public abstract class NativeObject implements AutoCloseable {
    private static final Map<String, Integer> LIVE = new ConcurrentHashMap<>();

    private final String kind;
    private final LongConsumer destroy;
    private long address;

    /// @param kind    what messages and [#live] call it
    /// @param create  makes the native object and gives its handle, never 0
    /// @param destroy frees what `create` made
    NativeObject(String kind, LongSupplier create, LongConsumer destroy) {
        this.kind = kind;
        this.destroy = destroy;
        this.address = create.getAsLong();
        LIVE.merge(kind, 1, Integer::sum);
    }

    /// How many objects of each kind were made and not yet closed; kinds without any do not appear. A test
    /// that finds something here after everything was closed has found a leak.
    public static Map<String, Integer> live() {
        return new TreeMap<>(LIVE);
    }

    /// The handle or device address, for a native call.
    ///
    /// @throws IllegalStateException where the object is closed
    final long handle() {
        if (address == 0) {
            throw new IllegalStateException("this " + kind + " is closed");
        }
        return address;
    }

    /// Runs the rest of a constructor: if it fails nobody else could free what the first half made.
    final void configure(Runnable rest) {
        try {
            rest.run();
        } catch (RuntimeException | Error failure) {
            try {
                close();
            } catch (RuntimeException second) {
                failure.addSuppressed(second);
            }
            throw failure;
        }
    }

    @Override
    public void close() {
        if (address == 0) {
            return;
        }
        long freed = address;
        address = 0;
        LIVE.computeIfPresent(kind, (ignored, count) -> count == 1 ? null : Integer.valueOf(count - 1));
        destroy.accept(freed);
    }
}
