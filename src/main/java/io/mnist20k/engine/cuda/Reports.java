package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.CudaEvent;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.Owner;
import io.mnist20k.engine.StepObserver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;

/// Tells an observer of an epoch's steps while the device runs ahead, without making it wait: behind every few steps
/// their results are copied to pinned memory and an event is recorded, and the host looks whether it has been reached.
///
/// Two such stretches are queued at most: the device always has one to go on with while the host hears of the other,
/// and a stop takes effect when both are done. A stretch grows or shrinks until it takes about a twentieth of a second,
/// or is a single step; how long it is changes nothing but when the observer hears of it.
final class Reports implements AutoCloseable {
    private static final int MOST_STRETCHES = 2;
    private static final int MOST_STEPS = 1024;
    private static final long SHORT_NANOS = 25_000_000;
    private static final long LONG_NANOS = 100_000_000;
    private static final long LOOK_AGAIN_NANOS = 100_000;

    private final Gpu gpu;
    private final EpochMemory memory;
    private final StepObserver observer;
    private final Owner owner = new Owner();
    private final Deque<CudaEvent> free = new ArrayDeque<>();
    private final Deque<Stretch> stretches = new ArrayDeque<>();
    private int marked;
    private int queued;
    private int length;
    private long lastReport = System.nanoTime();
    private boolean goesOn = true;
    private boolean finished;

    /// The steps `from ..< to`, done when the event is reached.
    private record Stretch(int from, int to, CudaEvent end) {}

    /// @param memory where the steps leave their results
    /// @param length steps of the first stretch
    Reports(Gpu gpu, EpochMemory memory, int firstStep, int length, StepObserver observer) {
        this.gpu = gpu;
        this.memory = memory;
        this.observer = observer;
        this.length = length;
        marked = firstStep;
        queued = firstStep;
        try {
            for (int i = 0; i < MOST_STRETCHES; i++) {
                free.add(owner.own(new CudaEvent(gpu)));
            }
        } catch (RuntimeException | Error failure) {
            owner.closeAfter(failure);
            throw failure;
        }
    }

    /// After steps have been queued. Returns once no more than the next stretch is ahead of the device.
    ///
    /// @return whether to queue another step
    boolean stepsQueued(int steps) {
        queued += steps;
        if (queued - marked >= length) {
            mark();
        }
        while (!stretches.isEmpty()) {
            if (stretches.getFirst().end.isReached()) {
                report();
            } else if (free.isEmpty()) {
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            } else {
                break;
            }
        }
        return goesOn;
    }

    /// Steps of the next stretch.
    int length() {
        return length;
    }

    private void mark() {
        memory.fetch(marked, queued);
        CudaEvent end = free.remove();
        end.record();
        stretches.add(new Stretch(marked, queued, end));
        marked = queued;
    }

    private void report() {
        Stretch done = stretches.remove();
        free.add(done.end);
        long now = System.nanoTime();
        if (now - lastReport < SHORT_NANOS) {
            length = Math.min(2 * length, MOST_STEPS);
        } else if (now - lastReport > LONG_NANOS) {
            length = Math.max(length / 2, 1);
        }
        lastReport = now;
        tell(done.from, done.to);
    }

    /// Waits for everything queued and reports what is left: the one time in an epoch that the host waits.
    ///
    /// @return the first step that was not queued
    int finish() {
        if (queued > marked) {
            memory.fetch(marked, queued);
        }
        gpu.synchronize();
        finished = true;
        for (Stretch rest : stretches) {
            tell(rest.from, rest.to);
        }
        tell(marked, queued);
        return queued;
    }

    private void tell(int from, int to) {
        for (int step = from; step < to; step++) {
            goesOn &= observer.stepDone(step, memory.lossSum(step), memory.correct(step));
        }
    }

    /// Where the epoch was not finished, the device still writes to memory that the next one will use.
    @Override
    public void close() {
        try {
            if (!finished) {
                gpu.synchronize();
            }
        } finally {
            owner.close();
        }
    }
}
