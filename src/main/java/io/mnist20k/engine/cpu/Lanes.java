package io.mnist20k.engine.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// How wide this machine's vectors are.
final class Lanes {
    /// Narrows the vectors, for tests: 128, 256 or 512.
    static final String BITS_PROPERTY = "mnist20k.vector.bits";

    static final VectorSpecies<Float> SPECIES = species();

    /// Images in a block.
    static final int COUNT = SPECIES.length();

    private Lanes() {}

    private static VectorSpecies<Float> species() {
        int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        int bits = Math.clamp(Integer.getInteger(BITS_PROPERTY, preferred), 128, Math.clamp(preferred, 128, 512));
        return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
    }
}
