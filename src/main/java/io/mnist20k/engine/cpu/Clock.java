package io.mnist20k.engine.cpu;

import io.mnist20k.engine.Work;
import java.util.Arrays;

/// Where the time of each thread goes, once it is switched on. A thread that is done with a piece of work books all
/// the time since it was last done with one, so none is lost between.
final class Clock {
    /// Longs that two threads' numbers are apart, two cache lines, so that they don't fight for one.
    private static final int APART = 16;

    private final long[] since;
    private boolean on;

    Clock(int workers) {
        since = new long[workers * APART];
    }

    /// A piece of work, and each thread's nanoseconds at it.
    record Lap(Work work, long[] nanos) {
        void clear() {
            Arrays.fill(nanos, 0);
        }

        long sum() {
            long sum = 0;
            for (int i = 0; i < nanos.length; i += APART) {
                sum += nanos[i];
            }
            return sum;
        }
    }

    Lap lap(Work work) {
        return new Lap(work, new long[since.length]);
    }

    /// While no thread is at work.
    void turn(boolean on) {
        this.on = on;
    }

    /// A thread begins.
    void start(int worker) {
        if (on) {
            since[worker * APART] = System.nanoTime();
        }
    }

    /// A thread is done with something.
    void book(int worker, Lap lap) {
        if (on) {
            long now = System.nanoTime();
            lap.nanos[worker * APART] += now - since[worker * APART];
            since[worker * APART] = now;
        }
    }
}
