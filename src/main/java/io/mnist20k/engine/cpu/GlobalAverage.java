package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;

/// The mean of each channel.
record GlobalAverage(Signal in, Signal out) implements Node {
    @Override
    public void forward(int block) {
        Planes x = in.value();
        Planes y = out.value();
        float share = 1f / x.shape.pixels();
        for (int c = 0; c < x.shape.channels(); c++) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int row = 0; row < x.shape.height(); row++) {
                int i = x.row(block, c, row);
                for (int column = 0; column < x.shape.width(); column++, i += x.columnStride) {
                    sum = sum.add(FloatVector.fromArray(SPECIES, x.data, i));
                }
            }
            sum.mul(share).intoArray(y.data, y.row(block, c, 0));
        }
    }

    @Override
    public void backward(int block) {
        Planes dx = in.gradient();
        Planes dy = out.gradient();
        float share = 1f / dx.shape.pixels();
        for (int c = 0; c < dx.shape.channels(); c++) {
            FloatVector g =
                    FloatVector.fromArray(SPECIES, dy.data, dy.row(block, c, 0)).mul(share);
            for (int row = 0; row < dx.shape.height(); row++) {
                int j = dx.row(block, c, row);
                for (int column = 0; column < dx.shape.width(); column++, j += dx.columnStride) {
                    g.intoArray(dx.data, j);
                }
            }
        }
    }
}
