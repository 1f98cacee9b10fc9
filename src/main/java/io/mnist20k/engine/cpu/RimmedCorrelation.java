package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.network.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The data gradient of an unpadded 3×3 convolution, whose outputs outnumber its inputs by a rim of one: on the rim
/// only a third of the taps, or a corner's one, meets anything but zeros. So [Winograd]'s tiles cover what is inside,
/// and the four sides are correlations of three taps.
final class RimmedCorrelation implements Correlation {
    private static final int KERNEL = Winograd.KERNEL;

    private final WinogradCorrelation inside;
    private final List<DirectCorrelation> sides = new ArrayList<>();

    /// @param in     with a border of two zeros on each side
    /// @param source `[output][input * 9 + tap]`: where each weight stands among the parameters
    RimmedCorrelation(Planes in, Planes out, int[][] source) {
        inside = new WinogradCorrelation(in, null, out, Epilogue.NONE, source, new int[0], 1, false);
        int height = out.shape.height();
        int width = out.shape.width();
        int[] row = IntStream.range(0, width).toArray();
        int[] column = IntStream.range(1, height - 1).map(y -> y * width).toArray();
        int[] upperTaps = {0, 1, 2};
        int[] leftTaps = {0, 3, 6};
        sides.add(side(in, out, source, row, shifted(upperTaps, 6)));
        sides.add(side(in, out, source, shifted(row, (height - 1) * width), upperTaps));
        sides.add(side(in, out, source, column, shifted(leftTaps, 2)));
        sides.add(side(in, out, source, shifted(column, width - 1), leftTaps));
    }

    private static int[] shifted(int[] numbers, int by) {
        return IntStream.of(numbers).map(n -> n + by).toArray();
    }

    /// @param pixels of the output, counted row by row
    /// @param taps   that meet more than zeros
    private static DirectCorrelation side(Planes in, Planes out, int[][] source, int[] pixels, int[] taps) {
        int width = out.shape.width();
        int[] elements = out.elements();
        int inputs = in.shape.channels();
        int[] offsets = IntStream.range(0, inputs)
                .flatMap(c -> IntStream.of(taps)
                        .map(t -> c * in.planeStride + t / KERNEL * in.lineLength + t % KERNEL * COUNT))
                .toArray();
        int[][] sideSource = new int[source.length][];
        for (int o = 0; o < source.length; o++) {
            int[] weights = source[o];
            sideSource[o] = IntStream.range(0, inputs)
                    .flatMap(c -> IntStream.of(taps).map(t -> weights[c * KERNEL * KERNEL + t]))
                    .toArray();
        }
        return new DirectCorrelation(
                offsets,
                IntStream.of(pixels)
                        .map(p -> p / width * in.lineLength + p % width * COUNT)
                        .toArray(),
                IntStream.range(0, source.length).map(o -> o * out.planeStride).toArray(),
                IntStream.of(pixels).map(p -> elements[p]).toArray(),
                Epilogue.NONE.least(),
                sideSource,
                new int[0]);
    }

    /// Whether this is faster than tiles over all outputs.
    static boolean pays(Shape in, Shape out) {
        long rim = 2L * (out.height() + out.width()) * KERNEL * in.channels() * out.channels();
        return WinogradCorrelation.cost(in, out, 1) + rim < WinogradCorrelation.cost(in, out, 0);
    }

    @Override
    public void pack(float[] parameters) {
        inside.pack(parameters);
        sides.forEach(side -> side.pack(parameters));
    }

    @Override
    public int scratchLength() {
        return inside.scratchLength();
    }

    @Override
    public void run(float[] in, int inBase, float[] out, int outBase, float[] scratch) {
        inside.run(in, inBase, out, outBase, scratch);
        for (DirectCorrelation side : sides) {
            side.run(in, inBase, out, outBase, scratch);
        }
    }
}
