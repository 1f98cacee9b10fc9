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

    /// Bytes that copies of the output may take: what leaves room for everything else on all but the largest images.
    private static final int MOST_COPIES_BYTES = 64 << 10;

    /// What takes the fewest instructions on the scheduler that has most to do.
    ///
    /// @param in     channels of the input
    /// @param out    what is computed
    static Tiling of(int in, Shape out, int kernel) {
        var candidates = new ArrayList<Tiling>();
        for (int tile : kernel == 1 ? new int[] {2} : new int[] {2, 6, 9}) {
            for (int shares = 1; shares <= Math.min(4, Unit.groups(in)); shares *= 2) {
                if (shares == 1 || shares * Unit.bytes(out) <= MOST_COPIES_BYTES) {
                    candidates.add(new Tiling(tile, shares));
                }
            }
        }
        return candidates.stream()
                .min(Comparator.comparingDouble(tiling -> tiling.instructions(in, out, kernel)))
                .orElseThrow();
    }

    private double instructions(int in, Shape out, int kernel) {
        int beside = Math.min(in, Unit.GROUP);
        int weights = kernel * beside;
        int ofRow = tile + kernel - 1 + weights + weights * Unit.GROUP * tile;
        double ofTile = Math.ceilDiv(Math.ceilDiv(in, Unit.GROUP), shares) * (double) kernel * ofRow;
        int threads = Unit.THREADS / shares;
        int tiles = Unit.groups(out.channels()) * out.height() * Math.ceilDiv(out.width(), tile);
        double instructions = 0;
        for (int left = tiles; left > 0; left -= threads) {
            int warps = shares * Math.ceilDiv(Math.min(left, threads), WARP);
            instructions += ofTile * Math.max(LONE_WARP, Math.ceilDiv(warps, SCHEDULERS));
        }
        return instructions;
    }
}
