package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// The step at work, as the nodes see it. Training writes it between steps, by one thread, while the others wait at
/// the barrier; in an evaluation each worker writes what is its block's.
final class Batch {
    int epoch;
    int step;
    /// Images in this step; lanes of the last block beyond them hold leftovers that must count nowhere.
    int samples;

    /// Indices into the dataset, by position in the batch.
    final int[] images;

    private static final float[] ONES_THEN_ZEROS = new float[2 * COUNT];

    static {
        Arrays.fill(ONES_THEN_ZEROS, 0, COUNT, 1);
    }

    Batch(int blocks) {
        images = new int[blocks * COUNT];
    }

    int blocks() {
        return Math.ceilDiv(samples, COUNT);
    }

    /// Lanes of a block that hold an image.
    int lanes(int block) {
        return Math.min(COUNT, samples - block * COUNT);
    }

    /// 1 in lanes that hold an image, 0 in the others.
    FloatVector mask(int block) {
        return FloatVector.fromArray(SPECIES, ONES_THEN_ZEROS, COUNT - lanes(block));
    }
}
