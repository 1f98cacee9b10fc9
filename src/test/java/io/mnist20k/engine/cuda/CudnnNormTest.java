package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Shape;
import org.junit.jupiter.api.Test;

final class CudnnNormTest {
    private static final Shape PIXEL = new Shape(3, 1, 1);

    @Test
    void aSingleNumberAChannelIsNotForCudnn() {
        assertFalse(CudnnNorm.takes(1, PIXEL));
        assertTrue(CudnnNorm.takes(2, PIXEL));
        assertTrue(CudnnNorm.takes(1, new Shape(3, 1, 2)));
    }

    @Test
    void aLargerBatchThanCudnnEvaluatesIsNotForIt() {
        assertTrue(CudnnNorm.takes(65_535, PIXEL));
        assertFalse(CudnnNorm.takes(65_536, PIXEL));
    }
}
