package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The factors alpha and beta that NVIDIA's libraries read through a pointer, perhaps after the call has
/// returned: `result = alpha · operation + beta · result`.
final class Scalars {
    static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_FLOAT, 1f);
    static final MemorySegment ZERO = Arena.global().allocateFrom(JAVA_FLOAT, 0f);

    private Scalars() {}
}
