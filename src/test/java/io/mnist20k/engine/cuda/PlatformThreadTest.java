package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class PlatformThreadTest {
    @Test
    void aThreadOfTheSystemDoesItsWorkItself() {
        assertSame(Thread.currentThread(), PlatformThread.call(Thread::currentThread));
    }

    @Test
    void aVirtualThreadsWorkIsDoneByOneOfTheSystem() throws Exception {
        assertFalse(onAVirtualThread(Thread::currentThread).get().isVirtual());
    }

    static Stream<Throwable> failures() {
        return Stream.of(
                new IllegalStateException("exception"),
                new StackOverflowError("error"),
                new CompletionException(new IllegalStateException("of a future that the work waited for")));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatTheWorkThrowsIsThrown(Throwable failure) throws InterruptedException {
        Supplier<Object> work = () -> {
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        };
        FutureTask<Object> task = onAVirtualThread(work);
        assertSame(failure, assertThrows(ExecutionException.class, task::get).getCause());
    }

    private static <T> FutureTask<T> onAVirtualThread(Supplier<T> work) throws InterruptedException {
        var task = new FutureTask<>(() -> PlatformThread.call(work));
        Thread.ofVirtual().start(task).join();
        return task;
    }
}
