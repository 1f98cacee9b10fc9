package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

import io.mnist20k.UserError;
import io.mnist20k.engine.MemoryPlan;
import io.mnist20k.network.Shape;
import java.util.ArrayList;
import java.util.List;

/// Everything that passes between the nodes, in one array, each block's beside one another. A block's tasks run in a
/// fixed order, by which a [MemoryPlan] has planes share memory that do not hold anything at the same time.
final class BlockMemory {
    private static final int MOST_FLOATS = Integer.MAX_VALUE - 16;

    private final MemoryPlan plan;
    private final List<Planes> planes = new ArrayList<>();
    private int floats;
    private boolean allocated;

    /// @param end the last time of a step, counted from 0
    BlockMemory(int end) {
        plan = new MemoryPlan(end);
    }

    /// Planes that hold something at the times that their region is touched, and where anything around or between
    /// their elements has to stay zero, always.
    ///
    /// @param before empty rows above and columns left of the first element
    /// @param after  empty rows below and columns right of the last element
    /// @param step   distance of neighbouring elements, in elements
    Planes planes(Shape shape, int before, int after, int step) {
        return add(new Planes(plan, shape, before, after, step, before + after > 0 || step > 1));
    }

    /// Planes whose border is cleared whenever they are read, so that others may have their memory at other times.
    Planes cleared(Shape shape, int before, int after) {
        return add(new Planes(plan, shape, before, after, 1, false));
    }

    /// Without borders.
    Planes plain(Shape shape) {
        return planes(shape, 0, 0, 1);
    }

    private Planes add(Planes made) {
        planes.add(made);
        return made;
    }

    /// Gives all planes their places; those that no time touches get none.
    void layOut(int blocks) {
        plan.layOut();
        long needed = Planes.START + blocks * stride();
        if (needed > MOST_FLOATS) {
            throw new UserError("a batch of " + blocks * COUNT + " needs " + needed
                    + " numbers for the values between layers, more than one array holds; use a smaller batch or"
                    + " network");
        }
        floats = (int) needed;
    }

    /// The most that one array holds, of what was laid out.
    int mostBlocks() {
        return (int) Math.min(Integer.MAX_VALUE, (MOST_FLOATS - Planes.START) / Math.max(1, stride()));
    }

    /// Allocates what was laid out, unless that has been done: a session that never trains, or never evaluates, takes
    /// no memory for it.
    void allocate() {
        if (allocated) {
            return;
        }
        float[] data = new float[floats];
        for (Planes each : planes) {
            if (each.region.isTouched()) {
                each.locate(data, (int) stride());
            }
        }
        allocated = true;
    }

    /// Distance, in floats, of neighbouring blocks.
    private long stride() {
        return plan.bytes() / Float.BYTES;
    }
}
