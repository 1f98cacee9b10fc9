package io.mnist20k.engine.cpu;

import io.mnist20k.Thrown;
import io.mnist20k.UserError;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Threads that walk through the same program, meeting at barriers. The caller is worker 0; the others live as long
/// as one call of [#run].
final class Team {
    /// A step has some twenty barriers a few hundred microseconds apart, so waiting means looking first; a thread
    /// that has looked this often is probably waiting for one that lost its core.
    private static final int SPINS = 20_000;

    private static final long NAP_NANOS = 50_000;

    private final int size;
    private final AtomicInteger arrived = new AtomicInteger();
    private volatile int generation;
    private volatile @Nullable Throwable failure;

    Team(int size) {
        this.size = size;
    }

    int size() {
        return size;
    }

    /// Where a part begins, of `parts` as equal as can be.
    static int share(int total, int part, int parts) {
        return (int) ((long) total * part / parts);
    }

    /// What each worker does.
    @FunctionalInterface
    interface Work {
        void run(int worker);
    }

    /// Returns when all workers are done.
    ///
    /// What a worker throws comes out unchanged.
    void run(Work work) {
        arrived.set(0);
        failure = null;
        Thread[] helpers = new Thread[size - 1];
        for (int i = 0; i < helpers.length; i++) {
            int worker = i + 1;
            helpers[i] = Thread.ofPlatform().daemon().name("cpu-" + worker).unstarted(() -> guarded(work, worker));
        }
        try {
            for (Thread helper : helpers) {
                helper.start();
            }
            guarded(work, 0);
        } catch (OutOfMemoryError e) { // those that have started wait for the others
            failure = new UserError(
                    "starting " + size + " threads: the system allows no more; use a smaller --threads, or allow this"
                            + " user or container more processes",
                    e);
        }
        for (Thread helper : helpers) {
            join(helper);
        }
        Throwable thrown = failure;
        if (thrown != null) {
            throw Thrown.again(thrown);
        }
    }

    private void guarded(Work work, int worker) {
        try {
            work.run(worker);
        } catch (Abandoned e) {
            // Another worker has failed and said so.
        } catch (Throwable t) {
            failure = t;
        }
    }

    private static void join(Thread helper) {
        boolean interrupted = false;
        while (true) {
            try {
                helper.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Waits for all workers; the last to arrive does `serial` before any goes on.
    void meet(Runnable serial) {
        int current = generation;
        if (arrived.incrementAndGet() == size) {
            serial.run();
            arrived.set(0);
            generation = current + 1;
            return;
        }
        for (int spins = 0; generation == current; spins++) {
            if (failure != null) {
                throw new Abandoned();
            }
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
    }

    /// Thrown in workers whose team is broken.
    private static final class Abandoned extends RuntimeException {
        private static final long serialVersionUID = 1;
    }
}
