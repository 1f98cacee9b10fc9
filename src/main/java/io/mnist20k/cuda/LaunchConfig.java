package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `CUlaunchConfig` of `cuda.h`: seven numbers, a stream and an array of `CUlaunchAttribute`, here of one.
final class LaunchConfig {
    /// A `CUlaunchAttributeID`; JCuda has none of them.
    private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

    private static final long CONFIG_BYTES = 56;
    private static final long STREAM = 32;
    private static final long ATTRIBUTES = 40;
    private static final long ATTRIBUTE_COUNT = 48;
    private static final long ATTRIBUTE_BYTES = 72;
    private static final long ATTRIBUTE_VALUE = 8;

    private LaunchConfig() {}

    /// A launch that may begin while the one before it in the stream ends.
    ///
    /// @param lifetime of what is returned
    static MemorySegment overlapping(LaunchShape shape, long stream, Arena lifetime) {
        MemorySegment attribute = lifetime.allocate(ATTRIBUTE_BYTES, Long.BYTES);
        attribute.set(JAVA_INT, 0, PROGRAMMATIC_STREAM_SERIALIZATION);
        attribute.set(JAVA_INT, ATTRIBUTE_VALUE, 1);
        MemorySegment config = lifetime.allocate(CONFIG_BYTES, Long.BYTES);
        int[] numbers = {shape.gridX(), shape.gridY(), 1, shape.block(), 1, 1, shape.sharedBytes()};
        MemorySegment.copy(numbers, 0, config, JAVA_INT, 0, numbers.length);
        config.set(JAVA_LONG, STREAM, stream);
        config.set(ADDRESS, ATTRIBUTES, attribute);
        config.set(JAVA_INT, ATTRIBUTE_COUNT, 1);
        return config;
    }
}
