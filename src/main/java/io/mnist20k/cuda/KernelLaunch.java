package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A kernel with its shape and parameters laid out in native memory, made by [Kernel#prepare]. Launching it
/// allocates nothing native; its memory goes with the module.
public final class KernelLaunch {
    private static final int SLOT_BYTES = 8;

    private final Kernel kernel;
    private final LaunchShape shape;
    private final MemorySegment values;
    private final MemorySegment pointers;
    private final @Nullable MemorySegment config;
    private final int[] widths;

    KernelLaunch(Kernel kernel, LaunchShape shape, List<Object> parameters) {
        this.kernel = kernel;
        this.shape = shape;
        kernel.allowShared(shape.sharedBytes());
        config = shape.overlaps()
                ? LaunchConfig.overlapping(
                        shape, kernel.gpu().stream(), kernel.module().lifetime())
                : null;
        int count = parameters.size();
        widths = parameters.stream().mapToInt(this::width).toArray();
        kernel.parameterBytes().ifPresent(this::checkWidths);
        // One slot more than needed, since a segment of no bytes has no address.
        values = kernel.module().lifetime().allocate((count + 1L) * SLOT_BYTES, SLOT_BYTES);
        pointers = kernel.module().lifetime().allocate(ADDRESS, count + 1L);
        for (int index = 0; index < count; index++) {
            pointers.setAtIndex(ADDRESS, index, values.asSlice((long) index * SLOT_BYTES));
            write(index, parameters.get(index));
        }
    }

    /// Queues the kernel with the parameters of now.
    ///
    /// @throws IllegalStateException where the module is closed
    public void launch() {
        kernel.module().handle();
        if (config != null) {
            CudaDriver.launchKernelEx(config, kernel.function(), pointers, this::toString);
        } else {
            CudaDriver.launchKernel(kernel.function(), shape, kernel.gpu().stream(), pointers, this::toString);
        }
    }

    /// Changes a parameter for the launches to come; what was launched or captured keeps its own.
    ///
    /// @param index from 0
    /// @param value of the width that the parameter has
    public void set(int index, Object value) {
        if (width(value) != widths[index]) {
            throw new IllegalArgumentException("parameter " + index + " of " + kernel.name() + " has " + widths[index]
                    + " bytes, and " + value.getClass().getSimpleName() + " has " + width(value));
        }
        write(index, value);
    }

    @Override
    public String toString() {
        return "cuLaunchKernel(" + kernel.name() + ", " + shape + ")";
    }

    private int width(Object value) {
        return switch (value) {
            case DeviceBuffer _, Long _, Double _ -> Long.BYTES;
            case Integer _, Float _ -> Integer.BYTES;
            case Byte _ -> Byte.BYTES;
            default ->
                throw new IllegalArgumentException(
                        kernel.name() + " was given a " + value.getClass().getName() + ", which no kernel takes");
        };
    }

    private void write(int index, Object value) {
        long slot = (long) index * SLOT_BYTES;
        switch (value) {
            case DeviceBuffer buffer -> values.set(JAVA_LONG, slot, buffer.address());
            case Long number -> values.set(JAVA_LONG, slot, number);
            case Double number -> values.set(JAVA_DOUBLE, slot, number);
            case Integer number -> values.set(JAVA_INT, slot, number);
            case Float number -> values.set(JAVA_FLOAT, slot, number);
            case Byte number -> values.set(JAVA_BYTE, slot, number);
            default -> throw new AssertionError(value);
        }
    }

    private void checkWidths(List<Integer> expected) {
        List<Integer> given = IntStream.of(widths).boxed().toList();
        if (!given.equals(expected)) {
            throw new IllegalArgumentException(
                    kernel.name() + " takes parameters of " + expected + " bytes, and was given " + given);
        }
    }
}
