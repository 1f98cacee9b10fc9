package io.mnist20k.engine.cpu;

/// Memory to work in, one array a worker, as long as the largest that was asked for. It holds nothing between tasks.
final class Scratch {
    private final float[][] arrays;
    private final ThreadLocal<float[]> mine = ThreadLocal.withInitial(() -> {
        throw new IllegalStateException("this thread has not entered as a worker");
    });
    private int length;

    Scratch(int mostWorkers) {
        arrays = new float[mostWorkers][0];
    }

    /// Asks for room, before the first step.
    void reserve(int floats) {
        length = Math.max(length, floats);
    }

    /// Makes the calling thread a worker. Threads come and go with each call of [Team#run]; their memory stays.
    void enter(int worker) {
        if (arrays[worker].length == 0) {
            arrays[worker] = new float[Planes.START + length];
        }
        mine.set(arrays[worker]);
    }

    /// Of the calling thread; from [Planes#START] on, vectors do not straddle cache lines.
    float[] get() {
        return mine.get();
    }
}
