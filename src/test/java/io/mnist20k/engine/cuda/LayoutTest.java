package io.mnist20k.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.engine.Layers;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import org.junit.jupiter.api.Test;

final class LayoutTest {
    private static final Network NETWORK =
            Layers.network("biasConv 3 3 1 0, norm, relu, conv 5 1 1 0, average, dense 7, dense 10");
    private static final Layout LAYOUT = new Layout(NETWORK.parameters());

    @Test
    void gatheringUndoesSpreading() {
        float[] flat = new float[NETWORK.parameterCount()];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = i + 1;
        }
        float[] spread = LAYOUT.spread(flat);
        assertArrayEquals(flat, LAYOUT.gather(spread));
        for (Tensor tensor : NETWORK.parameters()) {
            assertEquals(flat[tensor.offset()], spread[LAYOUT.offset(tensor)], tensor.name());
        }
        double sum = 0;
        for (float value : spread) {
            sum += value;
        }
        assertEquals(flat.length * (flat.length + 1) / 2.0, sum, "nothing but 0 in the gaps");
    }

    @Test
    void convolutionsStandFirstThenDenseLayersThenVectors() {
        for (Tensor tensor : NETWORK.parameters()) {
            int offset = LAYOUT.offset(tensor);
            assertEquals(0, offset % 64, "alignment");
            assertEquals(tensor.shape().size() == 4, offset < LAYOUT.lengthOfRank(4), tensor.name());
            assertEquals(tensor.shape().size() >= 2, offset < LAYOUT.lengthOfRank(2), tensor.name());
            assertTrue(offset + tensor.elements() <= LAYOUT.length());
        }
    }
}
