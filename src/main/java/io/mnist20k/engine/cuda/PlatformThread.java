package io.mnist20k.engine.cuda;

import io.mnist20k.Thrown;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/// Where work with a GPU is done. A context belongs to a thread of the operating system, and a virtual thread goes
/// on on another one of those whenever it has waited.
final class PlatformThread {
    private PlatformThread() {}

    /// Does the work on the calling thread or, where that is a virtual one, on another that it waits for.
    /// What it throws comes out unchanged.
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
            throw Thrown.again(Objects.requireNonNull(e.getCause()));
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
