package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;

/// Adds the lanes of a vector in lane order; see the package's note on `reduceLanes`.
final class LaneSum {
    private final float[] lanes = new float[COUNT];

    /// One a block, so that blocks can be at work at once.
    static LaneSum[] array(int blocks) {
        return Stream.generate(LaneSum::new).limit(blocks).toArray(LaneSum[]::new);
    }

    double of(FloatVector vector) {
        vector.intoArray(lanes, 0);
        double sum = 0;
        for (float lane : lanes) {
            sum += lane;
        }
        return sum;
    }
}
