package io.mnist20k.engine.cpu;

/// Memory to work in, one array a thread, as long as the largest that was asked for. It holds nothing between tasks.
final class Scratch {
    private int length;
    private final ThreadLocal<float[]> arrays = ThreadLocal.withInitial(() -> new float[Planes.START + length]);

    /// Asks for room, before the first step.
    void reserve(int floats) {
        length = Math.max(length, floats);
    }

    /// Of the calling thread; from [Planes#START] on, vectors do not straddle cache lines.
    float[] get() {
        return arrays.get();
    }
}
