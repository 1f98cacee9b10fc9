package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.SPECIES;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.IS_NAN;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

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
            FloatVector v = FloatVector.fromArray(SPECIES, x.data, i);
            max = max.blend(v, v.compare(GT, max));
        }
        return max;
    }

    @Override
    public void backward(int block) {
        if (height == 2 && width == 2 && stride == 2) {
            backwardByTwos(block);
        } else {
            backwardOverlapping(block);
        }
    }

    /// The usual pooling, whose windows lie side by side.
    private void backwardByTwos(int block) {
        Planes x = in.value();
        Planes dx = in.gradient();
        Planes dy = out.gradient();
        FloatVector none = FloatVector.zero(SPECIES);
        for (int c = 0; c < x.shape.channels(); c++) {
            if (x.shape.height() % 2 + x.shape.width() % 2 > 0) {
                clear(dx, block, c);
            }
            for (int row = 0; row < dy.shape.height(); row++) {
                int i = x.row(block, c, 2 * row);
                int j = dx.row(block, c, 2 * row);
                int d = dy.row(block, c, row);
                for (int column = 0; column < dy.shape.width(); column++) {
                    FloatVector v0 = FloatVector.fromArray(SPECIES, x.data, i);
                    FloatVector v1 = FloatVector.fromArray(SPECIES, x.data, i + x.columnStride);
                    FloatVector v2 = FloatVector.fromArray(SPECIES, x.data, i + x.rowStride);
                    FloatVector v3 = FloatVector.fromArray(SPECIES, x.data, i + x.rowStride + x.columnStride);
                    // The last that is larger than all before takes the gradient.
                    VectorMask<Float> second = v1.compare(GT, v0);
                    FloatVector max = v0.blend(v1, second);
                    VectorMask<Float> third = v2.compare(GT, max);
                    VectorMask<Float> fourth = v3.compare(GT, max.blend(v2, third));
                    FloatVector g = FloatVector.fromArray(SPECIES, dy.data, d);
                    FloatVector upToThird = g.blend(0, fourth);
                    FloatVector upToSecond = upToThird.blend(0, third);
                    upToSecond.blend(0, second).intoArray(dx.data, j);
                    none.blend(upToSecond, second).intoArray(dx.data, j + dx.columnStride);
                    none.blend(upToThird, third).intoArray(dx.data, j + dx.rowStride);
                    none.blend(g, fourth).intoArray(dx.data, j + dx.rowStride + dx.columnStride);
                    i += 2 * x.columnStride;
                    j += 2 * dx.columnStride;
                    d += dy.columnStride;
                }
            }
        }
    }

    /// Windows may overlap, so their gradients are added up.
    private void backwardOverlapping(int block) {
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
                    // Nothing equals what is no number, which is the largest only where the window begins with it.
                    VectorMask<Float> begins = max.test(IS_NAN);
                    for (int k = 0; k < height * width; k++) {
                        int at = j + k / width * dx.rowStride + k % width * dx.columnStride;
                        VectorMask<Float> here = FloatVector.fromArray(
                                        SPECIES, x.data, i + k / width * x.rowStride + k % width * x.columnStride)
                                .compare(EQ, max)
                                .or(begins)
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
