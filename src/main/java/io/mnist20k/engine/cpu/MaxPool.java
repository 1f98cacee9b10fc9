package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Max pooling of any window and stride, global pooling among them, where it is not fused into a batch
/// normalisation.
record MaxPool(Signal in, Signal out, int height, int width, int stride) implements Node {
    @Override
    public void forward(int block) {
        Planes x = in.value();
        Planes y = out.value();
        for (int c = 0; c < y.shape.channels(); c++) {
            for (int row = 0; row < y.shape.height(); row++) {
                int i = x.row(block, c, row * stride);
                int o = y.row(block, c, row);
                for (int column = 0; column < y.shape.width(); column++) {
                    largest(x, i).intoArray(y.data, o);
                    i += stride * x.columnStride;
                    o += y.columnStride;
                }
            }
        }
    }

    private FloatVector largest(Planes x, int corner) {
        FloatVector max = FloatVector.fromArray(SPECIES, x.data, corner);
        for (int k = 1; k < height * width; k++) {
            int i = corner + k / width * x.rowStride + k % width * x.columnStride;
            max = max.max(FloatVector.fromArray(SPECIES, x.data, i));
        }
        return max;
    }

    /// Windows may overlap, so their gradients are added up.
    @Override
    public void backward(int block) {
        Planes x = in.value();
        Planes dx = in.gradient();
        Planes dy = out.gradient();
        for (int c = 0; c < x.shape.channels(); c++) {
            clear(dx, block, c);
            for (int row = 0; row < dy.shape.height(); row++) {
                int i = x.row(block, c, row * stride);
                int j = dx.row(block, c, row * stride);
                int d = dy.row(block, c, row);
                for (int column = 0; column < dy.shape.width(); column++) {
                    FloatVector g = FloatVector.fromArray(SPECIES, dy.data, d);
                    FloatVector max = largest(x, i);
                    VectorMask<Float> open = SPECIES.maskAll(true);
                    for (int k = 0; k < height * width; k++) {
                        int at = j + k / width * dx.rowStride + k % width * dx.columnStride;
                        VectorMask<Float> here = FloatVector.fromArray(
                                        SPECIES, x.data, i + k / width * x.rowStride + k % width * x.columnStride)
                                .compare(VectorOperators.EQ, max)
                                .and(open);
                        open = open.andNot(here);
                        FloatVector sum = FloatVector.fromArray(SPECIES, dx.data, at);
                        sum.blend(sum.add(g), here).intoArray(dx.data, at);
                    }
                    i += stride * x.columnStride;
                    j += stride * dx.columnStride;
                    d += dy.columnStride;
                }
            }
        }
    }

    private static void clear(Planes planes, int block, int channel) {
        for (int row = 0; row < planes.shape.height(); row++) {
            int i = planes.row(block, channel, row);
            for (int column = 0; column < planes.shape.width(); column++, i += planes.columnStride) {
                FloatVector.zero(SPECIES).intoArray(planes.data, i);
            }
        }
    }
}
