package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;
import static io.mnist20k.engine.cpu.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;

/// Dropout of elements or of whole channels, where it is not fused into a batch normalisation. The mask is not
/// stored: backward draws it again.
final class Dropout implements Node {
    private final Signal in;
    private final Signal out;
    private final DropoutMask mask;
    private final boolean dropsChannels;
    private final int[][] words;
    private final float[][] factors;

    Dropout(Signal in, Signal out, DropoutMask mask, boolean dropsChannels, int blocks) {
        this.in = in;
        this.out = out;
        this.mask = mask;
        this.dropsChannels = dropsChannels;
        words = new int[blocks][4 * COUNT];
        factors = new float[blocks][DropoutMask.CHUNK * COUNT];
    }

    @Override
    public void forward(int block) {
        pass(block, in.value(), out.value());
    }

    @Override
    public void backward(int block) {
        pass(block, out.gradient(), in.gradient());
    }

    private void pass(int block, Planes from, Planes to) {
        float[] factors = this.factors[block];
        int element = 0;
        for (int c = 0; c < from.shape.channels(); c++) {
            for (int row = 0; row < from.shape.height(); row++) {
                int i = from.row(block, c, row);
                int o = to.row(block, c, row);
                for (int column = 0; column < from.shape.width(); column++, element++) {
                    int index = dropsChannels ? c : element;
                    int drawn = index % DropoutMask.CHUNK;
                    if (drawn == 0 && (!dropsChannels || row + column == 0)) {
                        mask.draw(block, index / DropoutMask.CHUNK, words[block], factors);
                    }
                    FloatVector.fromArray(SPECIES, from.data, i)
                            .mul(FloatVector.fromArray(SPECIES, factors, drawn * COUNT))
                            .intoArray(to.data, o);
                    i += from.columnStride;
                    o += to.columnStride;
                }
            }
        }
    }
}
