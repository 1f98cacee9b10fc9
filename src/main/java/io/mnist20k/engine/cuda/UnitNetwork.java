package io.mnist20k.engine.cuda;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.network.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A network of units, then the mean or the largest of each channel, one dense layer and softmax. A convolution of
/// single pixels before the mean is the same as a dense layer behind it.
///
/// @param units first to last, at least one
record UnitNetwork(List<Unit> units, Head head) {
    /// What a division by multiplication can do; `Divisor` of `unit.cuh`.
    private static final long MOST_PRODUCT = 1L << 32;

    /// A warp a group.
    private static final int MOST_CHANNELS = Unit.GROUP * Unit.THREADS / 32;

    /// What stands behind the last unit.
    ///
    /// @param takesLargest whether the largest of a channel is taken, and not the mean
    /// @param index        of the layer with the weights, `[classes, channels]`, in the network
    /// @param bias         whether it has one
    record Head(boolean takesLargest, int index, boolean bias, int classes) {}

    /// @param sharedBytes that the GPU has for a block
    /// @return nothing where the network has another shape, or an image of it does not fit into shared memory
    static Optional<UnitNetwork> of(Network network, int sharedBytes) {
        var units = new ArrayList<Unit>();
        int next = 0;
        for (Unit unit = unit(network, next, sharedBytes); unit != null; unit = unit(network, next, sharedBytes)) {
            units.add(unit);
            next += unit.layers();
        }
        Head head = head(network, next);
        if (units.isEmpty() || network.input().channels() != 1 || head == null) {
            return Optional.empty();
        }
        var all = new UnitNetwork(List.copyOf(units), head);
        boolean fits = all.mostShared() <= sharedBytes && all.mostChannels() <= MOST_CHANNELS && all.divides();
        return fits ? Optional.of(all) : Optional.empty();
    }

    private static @Nullable Head head(Network network, int index) {
        if (!(layer(network, index + 2) instanceof Layer.Softmax)) {
            return null;
        }
        Layer first = layer(network, index);
        Layer second = layer(network, index + 1);
        if (second instanceof Layer.Dense(int out, boolean bias)) {
            boolean takesLargest = first instanceof Layer.GlobalMaxPool;
            return takesLargest || first instanceof Layer.GlobalAvgPool
                    ? new Head(takesLargest, index + 1, bias, out)
                    : null;
        }
        return first instanceof Layer.Conv(int out, int kernel, int stride, int padding, boolean bias)
                        && kernel == 1
                        && stride == 1
                        && second instanceof Layer.GlobalAvgPool
                ? new Head(false, index, bias, out)
                : null;
    }

    private static @Nullable Layer layer(Network network, int index) {
        return index < network.stages().size() ? network.stages().get(index).layer() : null;
    }

    private static @Nullable Unit unit(Network network, int index, int sharedBytes) {
        if (!(layer(network, index) instanceof Layer.Conv conv)
                || !(layer(network, index + 1) instanceof Layer.BatchNorm norm)
                || !(layer(network, index + 2) instanceof Layer.Relu)) {
            return null;
        }
        if (conv.bias() || conv.stride() != 1 || (conv.kernel() != 1 && conv.kernel() != 3)) {
            return null;
        }
        int next = index + 3;
        int pool = 1;
        if (layer(network, next) instanceof Layer.MaxPool(int kernel, int stride) && kernel == stride) {
            pool = kernel;
            next++;
        }
        Layer last = layer(network, next);
        Mask mask = Mask.NONE;
        if (last instanceof Layer.Dropout || last instanceof Layer.Dropout2d) {
            mask = Mask.of(next, last);
            next++;
        }
        Stage stage = network.stages().get(index);
        return new Unit(
                stage.name(), index, conv, norm, stage.in(), stage.out(), pool, mask, next - index, sharedBytes);
    }

    Unit last() {
        return units.getLast();
    }

    /// Of the unit before; nothing is dropped before the first.
    Mask maskBefore(int unit) {
        return unit == 0 ? Mask.NONE : units.get(unit - 1).mask();
    }

    /// Bytes of shared memory as `head` of `unit_head.cuh` takes it.
    int headShared() {
        Shape features = last().out();
        var shared = new Unit.Shared();
        shared.takeChannels(features.channels(), 3);
        shared.take(Unit.planes(Unit.groups(features.channels()), Unit.GROUP, features, 0));
        shared.take(features.channels());
        shared.take(head.classes());
        shared.takeKept(last().mask(), features);
        shared.take(head.classes());
        return shared.bytes();
    }

    private int mostShared() {
        int most = headShared();
        for (int i = 0; i < units.size(); i++) {
            Unit unit = units.get(i);
            most = Math.max(most, Math.max(unit.forwardShared(maskBefore(i)), unit.backwardShared(maskBefore(i))));
        }
        return most;
    }

    private int mostChannels() {
        return units.stream().mapToInt(unit -> unit.raw().channels()).max().orElseThrow();
    }

    private boolean divides() {
        return units.stream()
                .flatMap(unit -> List.of(unit.in(), unit.raw()).stream())
                .allMatch(shape -> {
                    long pixels = (long) Unit.groups(shape.channels()) * shape.pixels();
                    return pixels * shape.pixels() < MOST_PRODUCT;
                });
    }
}
