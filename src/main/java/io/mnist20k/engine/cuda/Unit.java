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
/// @param sharedBytes that the GPU has for a block
record Unit(
        String name,
        int index,
        Layer.Conv conv,
        Layer.BatchNorm norm,
        Shape in,
        Shape raw,
        int pool,
        Mask mask,
        int layers,
        int sharedBytes) {
    /// Channels that lie side by side; `GROUP` of `unit.cuh`.
    static final int GROUP = 4;

    /// Threads of a block. What a block waits for is memory and sums over the batch more than arithmetic, so that even
    /// small units want many.
    static final int THREADS = 512;

    private static final int WARPS = THREADS / 32;
    private static final int MANY_SLICES = 8;
    private static final int FEW_SLICES = 4;
    /// Pixels that a tile may read behind the last plane; `SLACK_PIXELS` of `unit.cuh`.
    private static final int SLACK_PIXELS = 10;

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

    int taps() {
        return conv.kernel() * conv.kernel();
    }

    /// Channels of the input that lie side by side: an image has but one.
    int inBeside() {
        return isFirst() ? 1 : GROUP;
    }

    int inGroups() {
        return Math.ceilDiv(in.channels(), inBeside());
    }

    /// Numbers, those that fill up groups among them.
    int arrangedWeights() {
        return groups(raw.channels()) * inGroups() * taps() * GROUP * inBeside();
    }

    static int groups(int channels) {
        return Math.ceilDiv(channels, GROUP);
    }

    /// Bytes of a sample between two units.
    static long bytes(Shape shape) {
        return (long) groups(shape.channels()) * GROUP * shape.pixels() * Float.BYTES;
    }

    /// @param mask of the unit before; nothing is dropped before the first
    Tiling forwardTiling(Mask mask) {
        return Tiling.of(
                in.channels(),
                raw,
                conv.kernel(),
                sharedBytes - forwardBesides(mask).bytes());
    }

    /// @param mask of the unit before
    Tiling backwardTiling(Mask mask) {
        return Tiling.of(
                raw.channels(),
                in,
                conv.kernel(),
                sharedBytes - backwardBesides(mask, stagesLate(mask)).bytes());
    }

    /// Whether the way back has no place for weights until those of their gradient are left: they share one where there
    /// would be too little memory otherwise. Early, weights come while a launch waits for the one before.
    ///
    /// @param mask of the unit before
    boolean stagesLate(Mask mask) {
        Shared shared = backwardBesides(mask, false);
        shared.takeEither(inputs(), outputs(in, 1));
        return !isFirst() && shared.bytes() > sharedBytes;
    }

    /// Threads that share the rows of one sum of the weights' gradient.
    int slices() {
        return raw.height() >= MANY_SLICES ? MANY_SLICES : FEW_SLICES;
    }

    /// Bytes of shared memory of `first_unit_forward` or `unit_forward`.
    int forwardShared(Mask mask) {
        Shared shared = forwardBesides(mask);
        shared.take(outputs(raw, forwardTiling(mask).shares()));
        return shared.bytes();
    }

    /// Piece by piece as the kernels take it, but for the outputs.
    private Shared forwardBesides(Mask mask) {
        var shared = new Shared();
        shared.take(arrangedWeights());
        if (isFirst()) {
            shared.take(DISTORTION_FLOATS);
        } else {
            shared.takeChannels(in.channels(), 3);
        }
        shared.take(inputs());
        shared.takeKept(mask, in);
        shared.take(WARPS * 2 * GROUP);
        return shared;
    }

    /// Bytes of shared memory of `first_unit_backward` or `unit_backward`.
    int backwardShared(Mask mask) {
        Shared shared = backwardBesides(mask, stagesLate(mask));
        shared.takeEither(
                inputs(), isFirst() ? 0 : outputs(in, backwardTiling(mask).shares()));
        return shared.bytes();
    }

    /// But for the inputs, and for the outputs in their place.
    private Shared backwardBesides(Mask mask, boolean stagesLate) {
        var shared = new Shared();
        shared.take(arrangedWeights()); // their gradients
        shared.takeChannels(raw.channels(), 5);
        if (isFirst()) {
            shared.take(planes(groups(raw.channels()), GROUP, raw, 0));
        } else {
            shared.take(stagesLate ? 0 : arrangedWeights());
            shared.takeChannels(in.channels(), 3);
            shared.take(planes(groups(raw.channels()), GROUP, raw, conv.kernel() - 1 - conv.padding()));
            shared.takeKept(mask, in);
            shared.take(WARPS * 2 * GROUP);
        }
        return shared;
    }

    private int inputs() {
        return planes(inGroups(), inBeside(), in, conv.padding());
    }

    /// Numbers of `Planes` of `unit.cuh`.
    static int planes(int planes, int channelsBeside, Shape shape, int border) {
        int rowPixels = (shape.width() + border) | 1;
        int pixels = planes * (shape.height() + border) * rowPixels + border * (rowPixels + 1) + SLACK_PIXELS;
        return pixels * channelsBeside;
    }

    private static int outputs(Shape shape, int shares) {
        return shares * groups(shape.channels()) * GROUP * shape.pixels();
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

        /// One place for both.
        void takeEither(int floats, int others) {
            take(Math.max(floats, others));
        }

        void takeKept(Mask mask, Shape shape) {
            if (mask.threshold() > 0) {
                int channels = groups(shape.channels()) * GROUP;
                int bytes = mask.channels() ? channels : Math.ceilDiv(channels * shape.pixels(), Byte.SIZE);
                take(Math.ceilDiv(bytes, Float.BYTES));
            }
        }

        int bytes() {
            return floats * Float.BYTES;
        }
    }
}
