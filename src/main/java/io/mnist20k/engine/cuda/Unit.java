package io.mnist20k.engine.cuda;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Shape;

/// A convolution and the normalisation, ReLU, pooling and dropout behind it, which `unit.cuh` does in one pass.
///
/// @param index  of the convolution in the network; the normalisation is the next layer
/// @param in     what is convolved
/// @param raw    what the convolution gives
/// @param pool   side and stride of the window behind it, 1 where there is none
/// @param layers how many layers of the network it is
record Unit(
        String name,
        int index,
        Layer.Conv conv,
        Layer.BatchNorm norm,
        Shape in,
        Shape raw,
        int pool,
        Mask mask,
        int layers) {
    /// Channels that lie side by side; `GROUP` of `unit.cuh`.
    static final int GROUP = 4;

    /// Threads of a block. What a block waits for is memory and sums over the batch more than arithmetic, so that even
    /// small units want many.
    static final int THREADS = 512;

    private static final int WARPS = THREADS / 32;
    private static final int ENOUGH_TILES = 256;
    private static final int WIDE_TILE = 6;
    private static final int NARROW_TILE = 2;
    private static final int MANY_SLICES = 8;
    private static final int FEW_SLICES = 4;
    /// Pixels that a tile may read behind the last plane.
    private static final int SLACK_PIXELS = 8;

    /// What the first unit's kernel declares for itself.
    private static final int DISTORTION_FLOATS = 8;

    int normIndex() {
        return index + 1;
    }

    Shape out() {
        return new Shape(raw.channels(), raw.height() / pool, raw.width() / pool);
    }

    boolean isFirst() {
        return index == 0;
    }

    int weights() {
        return raw.channels() * in.channels() * taps();
    }

    private int taps() {
        return conv.kernel() * conv.kernel();
    }

    static int groups(int channels) {
        return Math.ceilDiv(channels, GROUP);
    }

    /// Bytes of a sample between two units.
    static long bytes(Shape shape) {
        return (long) groups(shape.channels()) * GROUP * shape.pixels() * Float.BYTES;
    }

    /// Pixels that a thread computes side by side.
    static int tile(Shape shape) {
        int tiles = groups(shape.channels()) * tilesOfGroup(shape, WIDE_TILE);
        return tiles >= ENOUGH_TILES ? WIDE_TILE : NARROW_TILE;
    }

    private static int tilesOfGroup(Shape shape, int tile) {
        return shape.height() * Math.ceilDiv(shape.width(), tile);
    }

    /// Threads that share the rows of one sum of the weights' gradient.
    int slices() {
        return raw.height() >= MANY_SLICES ? MANY_SLICES : FEW_SLICES;
    }

    /// Bytes of shared memory, piece by piece as `first_unit_forward` or `unit_forward` takes it.
    ///
    /// @param mask of the unit before; nothing is dropped before the first
    int forwardShared(Mask mask) {
        var shared = new Shared();
        if (isFirst()) {
            shared.take(DISTORTION_FLOATS);
            shared.take(groups(raw.channels()) * taps() * GROUP);
            shared.takePlanes(1, 1, in, conv.padding());
        } else {
            shared.take(groups(raw.channels()) * groups(in.channels()) * taps() * GROUP * GROUP);
            shared.takeChannels(in.channels(), 3);
            shared.takePlanes(groups(in.channels()), GROUP, in, conv.padding());
            shared.takeKept(mask, in);
        }
        shared.take(groups(raw.channels()) * raw.pixels() * GROUP);
        shared.take(WARPS * 2 * GROUP);
        return shared.bytes();
    }

    /// Bytes of shared memory, piece by piece as `first_unit_backward` or `unit_backward` takes it.
    int backwardShared(Mask mask) {
        var shared = new Shared();
        if (isFirst()) {
            shared.takeChannels(raw.channels(), 5);
            shared.takePlanes(1, 1, in, conv.padding());
            shared.takePlanes(groups(raw.channels()), GROUP, raw, 0);
        } else {
            shared.take(groups(raw.channels()) * groups(in.channels()) * taps() * GROUP * GROUP);
            shared.takeChannels(raw.channels(), 5);
            shared.takeChannels(in.channels(), 3);
            shared.takePlanes(groups(in.channels()), GROUP, in, conv.padding());
            shared.takePlanes(groups(raw.channels()), GROUP, raw, conv.kernel() - 1 - conv.padding());
            shared.takeKept(mask, in);
            shared.take(groups(in.channels()) * tilesOfGroup(in, tile(in)) * 2 * GROUP);
        }
        shared.take(weights());
        return shared.bytes();
    }

    /// Adds up a block's shared memory as `SharedMemory` of `shared.cuh` gives it out.
    static final class Shared {
        private int floats;

        void take(int floats) {
            this.floats += Math.ceilDiv(floats, 4) * 4;
        }

        /// Arrays of a number a channel.
        void takeChannels(int channels, int arrays) {
            for (int i = 0; i < arrays; i++) {
                take(groups(channels) * GROUP);
            }
        }

        void takePlanes(int planes, int channelsBeside, Shape shape, int border) {
            int rowPixels = (shape.width() + 2 * border) | 1;
            take((planes * (shape.height() + 2 * border) * rowPixels + SLACK_PIXELS) * channelsBeside);
        }

        void takeKept(Mask mask, Shape shape) {
            if (mask.threshold() > 0) {
                int bytes = mask.channels() ? shape.channels() : Math.ceilDiv(shape.elements(), Byte.SIZE);
                take(Math.ceilDiv(bytes, Float.BYTES));
            }
        }

        int bytes() {
            return floats * Float.BYTES;
        }
    }
}
