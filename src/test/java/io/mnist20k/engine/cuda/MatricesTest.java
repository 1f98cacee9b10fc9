package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.network.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MatricesTest {
    private static final List<Tensor> TENSORS =
            List.of(new Tensor("small", 0, List.of(7, 1, 3, 3), 0), new Tensor("large", 1, List.of(9, 7, 3, 3), 63));

    /// 2 · 12 · (12 + 64), the larger one's.
    private static final int MOST_FLOATS = 1824;

    @Test
    void blocksShareMemoryWhereTheLargestFits() {
        Matrices matrices = new Matrices(TENSORS, new Layout(TENSORS), MOST_FLOATS * Float.BYTES);
        assertEquals(2, matrices.count());
        assertEquals(MOST_FLOATS * Float.BYTES, matrices.sharedBytes());
        assertEquals(0, matrices.scratchBytes());
    }

    @Test
    void elseEachHasItsOwnOfTheDevices() {
        Matrices matrices = new Matrices(TENSORS, new Layout(TENSORS), MOST_FLOATS * Float.BYTES - 1);
        int before = 2 * 8 * (8 + 12);
        assertArrayEquals(new int[] {0, 7, 9, 0, 64, 9, 63, before}, matrices.table());
        assertEquals(4L * (before + MOST_FLOATS), matrices.scratchBytes());
        assertEquals(0, matrices.sharedBytes());
    }
}
