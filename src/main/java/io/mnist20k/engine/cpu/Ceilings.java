package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static io.mnist20k.engine.cpu.Lanes.fma;

import io.mnist20k.engine.Roofline;
import jdk.incubator.vector.FloatVector;

/// Measures the [Roofline] of some threads at work at once. Each number is of the fastest of several rounds: nothing
/// makes a machine faster than it is, and much makes it slower.
final class Ceilings {
    private static final int ROUNDS = 9;

    /// Independent sums: latency of a multiply-add (4 cycles) times units (2), and some more.
    private static final int CHAINS = 12;

    /// Short calls, so that the JVM compiles what it calls and not the middle of a loop.
    private static final int CALLS = 200;

    private static final int LINKS = 100_000;

    /// Two arrays of this length are 512 KiB, within today's second-level caches.
    private static final int CACHED = 1 << 16;

    private static final int PASSES = 1000;

    /// Of both arrays and all threads.
    private static final long MEMORY_BYTES = 256L << 20;

    /// Read twice, written once.
    private static final int BYTES_AN_ELEMENT = 3 * Float.BYTES;

    private final Team team;
    private final float[] sinks;

    private Ceilings(int threads) {
        team = new Team(threads);
        sinks = new float[threads];
    }

    static Roofline measure(int threads) {
        var ceilings = new Ceilings(threads);
        return new Roofline(ceilings.flops(), ceilings.bytes(CACHED, PASSES), ceilings.memoryBytes());
    }

    /// Of multiply-adds on registers, nothing loaded or stored.
    private double flops() {
        double operations = 2.0 * team.size() * CHAINS * COUNT * LINKS * CALLS;
        return operations
                / seconds(worker -> {
                    for (int call = 0; call < CALLS; call++) {
                        sinks[worker] += chains();
                    }
                });
    }

    private static float chains() {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector y = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < LINKS; n++) {
            a = fma(a, x, y);
            b = fma(b, x, y);
            c = fma(c, x, y);
            d = fma(d, x, y);
            e = fma(e, x, y);
            f = fma(f, x, y);
            g = fma(g, x, y);
            h = fma(h, x, y);
            i = fma(i, x, y);
            j = fma(j, x, y);
            k = fma(k, x, y);
            l = fma(l, x, y);
        }
        return a.add(b)
                .add(c)
                .add(d)
                .add(e)
                .add(f)
                .add(g)
                .add(h)
                .add(i)
                .add(j)
                .add(k)
                .add(l)
                .lane(0);
    }

    /// Of the memory, or of a quarter of the heap where that is less.
    private double memoryBytes() {
        long bytes = Math.min(MEMORY_BYTES, Runtime.getRuntime().maxMemory() / 4);
        return bytes((int) (bytes / (2L * Float.BYTES * team.size() * COUNT)) * COUNT, 1);
    }

    /// Bytes a second of adding a multiple of one array to another.
    private double bytes(int length, int passes) {
        float[][] from = new float[team.size()][length];
        float[][] to = new float[team.size()][length];
        double bytes = (double) team.size() * length * passes * BYTES_AN_ELEMENT;
        return bytes
                / seconds(worker -> {
                    for (int pass = 0; pass < passes; pass++) {
                        add(from[worker], to[worker]);
                    }
                });
    }

    private static void add(float[] from, float[] to) {
        FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
        for (int i = 0; i < to.length; i += COUNT) {
            FloatVector added = FloatVector.fromArray(SPECIES, from, i);
            fma(added, half, FloatVector.fromArray(SPECIES, to, i)).intoArray(to, i);
        }
    }

    /// From when all threads are there to when the last is done. In the first rounds the JVM compiles.
    private double seconds(Team.Work work) {
        double fastest = Double.POSITIVE_INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            long[] times = new long[2];
            team.run(worker -> {
                team.meet(() -> times[0] = System.nanoTime());
                work.run(worker);
                team.meet(() -> times[1] = System.nanoTime());
            });
            fastest = Math.min(fastest, (times[1] - times[0]) * 1e-9);
        }
        return fastest;
    }
}
