package io.mnist20k.engine.cpu;

/// Parameter gradients, each block its own, so that adding them in block order gives the same bits for any number
/// of threads.
final class Gradients {
    private final float[][] blocks;

    Gradients(int blocks, int parameters) {
        this.blocks = new float[blocks][parameters];
    }

    int blocks() {
        return blocks.length;
    }

    float[] of(int block) {
        return blocks[block];
    }

    /// Adds the first `count` blocks over a range of the parameters.
    void sum(int count, int from, int to, float[] total) {
        System.arraycopy(blocks[0], from, total, from, to - from);
        for (int block = 1; block < count; block++) {
            float[] part = blocks[block];
            for (int i = from; i < to; i++) {
                total[i] += part[i];
            }
        }
    }
}
