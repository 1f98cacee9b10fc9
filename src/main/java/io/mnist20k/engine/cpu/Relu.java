package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/// A ReLU that no batch normalisation stands before.
record Relu(Signal in, Signal out) implements Node {
    @Override
    public void forward(int block) {
        Planes x = in.value();
        Planes y = out.value();
        for (int c = 0; c < x.shape.channels(); c++) {
            for (int row = 0; row < x.shape.height(); row++) {
                int i = x.row(block, c, row);
                int o = y.row(block, c, row);
                for (int column = 0; column < x.shape.width(); column++, i += x.columnStride, o += y.columnStride) {
                    FloatVector v = FloatVector.fromArray(SPECIES, x.data, i);
                    v.blend(0, v.compare(LT, 0)).intoArray(y.data, o);
                }
            }
        }
    }

    @Override
    public void backward(int block) {
        Planes x = in.value();
        Planes dx = in.gradient();
        Planes dy = out.gradient();
        for (int c = 0; c < x.shape.channels(); c++) {
            for (int row = 0; row < x.shape.height(); row++) {
                int i = x.row(block, c, row);
                int j = dx.row(block, c, row);
                int d = dy.row(block, c, row);
                for (int column = 0; column < x.shape.width(); column++) {
                    FloatVector g = FloatVector.fromArray(SPECIES, dy.data, d);
                    FloatVector v = FloatVector.fromArray(SPECIES, x.data, i);
                    FloatVector.zero(SPECIES).blend(g, v.compare(GT, 0)).intoArray(dx.data, j);
                    i += x.columnStride;
                    j += dx.columnStride;
                    d += dy.columnStride;
                }
            }
        }
    }
}
