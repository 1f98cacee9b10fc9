package io.mnist20k.engine.cuda;

import io.mnist20k.network.Shape;
import java.util.ArrayList;
import java.util.Comparator;

/// How a block of threads shares out a correlation, as `Tiling` of `unit.cuh`.
///
/// @param tile   pixels that a thread computes side by side, of four channels
/// @param shares of the input's channels, each summed up by threads of its own
record Tiling(int tile, int shares) {
    /// Multiprocessors issue instructions of four warps at a time.
    private static final int SCHEDULERS = 4;

    private static final int WARP = 32;

    /// A lone warp waits for its own results; how long, as measured, does not have to be exact.
    private static final double LONE_WARP = 1.5;

    /// Of what loads from shared memory take, how much the arithmetic does not hide, as measured.
    private static final double LOADS_SEEN = 0.6;

    /// A load of four numbers by a warp takes so many cycles of its multiprocessor, and of one number for all lanes.
    private static final double ROW_LOAD = 4;

    private static final double WEIGHT_LOAD = 2.5;

    /// What takes the fewest cycles.
    ///
    /// @param in    channels of the input
    /// @param out   what is computed
    /// @param bytes of shared memory that there are for the output, of which every share has a copy
    static Tiling of(int in, Shape out, int kernel, long bytes) {
        var candidates = new ArrayList<Tiling>();
        for (int tile : kernel == 1 ? new int[] {2} : new int[] {2, 6, 9}) {
            for (int shares = 1; shares <= Math.min(4, Unit.groups(in)); shares *= 2) {
                if (shares == 1 || shares * Unit.bytes(out) <= bytes) {
                    candidates.add(new Tiling(tile, shares));
                }
            }
        }
        return candidates.stream()
                .min(Comparator.comparingDouble(tiling -> tiling.cycles(in, out, kernel)))
                .orElseThrow();
    }

    private double cycles(int in, Shape out, int kernel) {
        int beside = Math.min(in, Unit.GROUP);
        int rows = tile + kernel - 1;
        int weights = kernel * beside;
        double ofTile = Math.ceilDiv(Math.ceilDiv(in, Unit.GROUP), shares) * (double) kernel;
        double instructions = ofTile * (rows + weights + weights * Unit.GROUP * tile);
        double loads = ofTile * (rows * ROW_LOAD + weights * WEIGHT_LOAD);
        int threads = Unit.THREADS / shares;
        int tiles = Unit.groups(out.channels()) * out.height() * Math.ceilDiv(out.width(), tile);
        double cycles = 0;
        for (int left = tiles; left > 0; left -= threads) {
            int warps = shares * Math.ceilDiv(Math.min(left, threads), WARP);
            cycles += instructions * Math.max(LONE_WARP, Math.ceilDiv(warps, SCHEDULERS));
            cycles += LOADS_SEEN * loads * warps;
        }
        return cycles;
    }
}
