package io.mnist20k.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.mnist20k.network.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Windows that no case of the contract has: `docs/OPERATIONS.md` takes the first of those that are larger than all
/// before them, so that what is no number wins where it comes first, and loses elsewhere.
final class MaxPoolTest {
    @ParameterizedTest
    @CsvSource({
        "1, 2, 3, 4, 3",
        "4, 3, 2, 1, 0",
        "1, 5, 5, 5, 1",
        "-0.0, 0.0, -0.0, 0.0, 0",
        "NaN, 1, 2, 3, 0",
        "1, NaN, 2, 1, 2",
        "1, 2, NaN, 5, 3",
        "1, 2, NaN, 0, 1",
        "-Infinity, NaN, NaN, NaN, 0",
    })
    void theFirstLargestPassesItsValueAndGetsTheGradient(float v0, float v1, float v2, float v3, int first) {
        float[] window = {v0, v1, v2, v3};
        for (int side = 2; side <= 3; side++) { // by twos, and in a window that may overlap another
            var memory = new BlockMemory(1);
            var in = new Signal(memory.plain(new Shape(1, side, side)), memory.plain(new Shape(1, side, side)));
            var out = new Signal(memory.plain(new Shape(1, 1, 1)), memory.plain(new Shape(1, 1, 1)));
            for (Planes planes : new Planes[] {in.value(), in.gradient(), out.value(), out.gradient()}) {
                planes.region.touch(0);
                planes.region.touch(1);
            }
            memory.layOut(1);
            memory.allocate();
            for (int i = 0; i < window.length; i++) {
                in.value().data[in.value().row(0, 0, i / 2) + i % 2 * in.value().columnStride] = window[i];
            }
            out.gradient().data[out.gradient().row(0, 0, 0)] = 7;
            var pool = new MaxPool(in, out, 2, 2, side);
            pool.forward(0);
            pool.backward(0);
            float[] gradients = new float[4];
            for (int i = 0; i < gradients.length; i++) {
                gradients[i] = in.gradient().data[in.gradient().row(0, 0, i / 2) + i % 2 * in.gradient().columnStride];
            }
            float[] expected = new float[4];
            expected[first] = 7;
            assertArrayEquals(expected, gradients, "gradients");
            float value = out.value().data[out.value().row(0, 0, 0)];
            assertArrayEquals(new float[] {window[first]}, new float[] {value}, "value");
        }
    }
}
