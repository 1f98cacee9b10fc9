package io.mnist20k.engine.cpu;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// How wide this machine's vectors are, and whether they multiply and add at once.
final class Lanes {
    /// Narrows the vectors, for tests: 128, 256 or 512.
    static final String BITS_PROPERTY = "mnist20k.vector.bits";

    static final VectorSpecies<Float> SPECIES = species();

    /// Images in a block.
    static final int COUNT = SPECIES.length();

    /// Whether this processor multiplies and adds in one instruction. Where it does not, as before 2013 and on many
    /// virtual ones, `FloatVector.fma` computes what that would give in big decimals, thousands of times slower.
    static final boolean FUSED = fused();

    private Lanes() {}

    /// `a * b + c`, rounded once where the processor can, else twice.
    static FloatVector fma(FloatVector a, FloatVector b, FloatVector c) {
        return FUSED ? a.fma(b, c) : a.mul(b).add(c);
    }

    /// HotSpot says so where `jdk.management` is there to ask; other JVMs are taken to have it.
    private static boolean fused() {
        try {
            var machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            return machine == null
                    || Boolean.parseBoolean(machine.getVMOption("UseFMA").getValue());
        } catch (IllegalArgumentException | NoClassDefFoundError noSuchOption) {
            return true;
        }
    }

    private static VectorSpecies<Float> species() {
        int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        int bits = Math.clamp(Integer.getInteger(BITS_PROPERTY, preferred), 128, Math.clamp(preferred, 128, 512));
        return VectorSpecies.of(float.class, VectorShape.forBitSize(bits));
    }
}
