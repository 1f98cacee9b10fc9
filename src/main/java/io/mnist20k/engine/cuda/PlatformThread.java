package io.mnist20k.engine.cuda;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/// Where work with a GPU is done. A context belongs to a thread of the operating system, and a virtual thread goes
/// on on another one of those whenever it has waited.
final class PlatformThread {
    private PlatformThread() {}

    /// Does the work on the calling thread or, where that is a virtual one, on another that it waits for.
    ///
    /// @throws RuntimeException or Error that the work threw
    static <T> T call(Supplier<T> work) {
        if (!Thread.currentThread().isVirtual()) {
            return work.get();
        }
        try {
            return CompletableFuture.supplyAsync(
                            () -> wrapped(work),
                            task -> Thread.ofPlatform().daemon().name("gpu").start(task))
                    .join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException exception -> throw exception;
                case Error error -> throw error;
                case null, default -> throw e;
            }
        }
    }

    /// The future wraps what is thrown, but not once more what some other future has wrapped.
    private static <T> T wrapped(Supplier<T> work) {
        try {
            return work.get();
        } catch (CompletionException e) {
            throw new CompletionException(e);
        }
    }
}
