package io.mnist20k.engine.cpu;

/// Brings memory into the nearest caches before tiles are cut out of it. Read along a plane, memory comes at the rate
/// that the processor's prefetchers reach; read tile by tile, in several lines at once, with stores in between,
/// each miss is waited for. Java has no prefetch instruction, so this reads one number a cache line.
final class Prefetch {
    private static final int CACHE_LINE = 64 / Float.BYTES;

    private Prefetch() {}

    /// @param scratch its first number is overwritten, so that the reads are not optimised away
    static void read(float[] data, int from, int to, float[] scratch) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = from;
        for (; i + 3 * CACHE_LINE < to; i += 4 * CACHE_LINE) {
            a += data[i];
            b += data[i + CACHE_LINE];
            c += data[i + 2 * CACHE_LINE];
            d += data[i + 3 * CACHE_LINE];
        }
        for (; i < to; i += CACHE_LINE) {
            a += data[i];
        }
        scratch[0] = a + b + c + d;
    }
}
