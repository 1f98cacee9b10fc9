package io.mnist20k.engine.cpu;

/// Weight gradients term by term, of any geometry, which is in offset tables.
final class DirectWeightGradient implements WeightGradient {
    private final OuterProduct product;
    private final int[][] target;

    /// @param taps        offset of each tap from a pixel's first, in floats of the input
    /// @param inPixels    offset of each pixel's first tap from the start of a block
    /// @param outChannels offset of each output channel from the start of a block of the output's gradient
    /// @param outPixels   offset of each pixel from the start of its output channel
    /// @param target      `[outChannels][taps]`: where each weight stands among the parameters
    DirectWeightGradient(int[] taps, int[] inPixels, int[] outChannels, int[] outPixels, int[][] target) {
        product = new OuterProduct(taps, inPixels, outChannels, outPixels);
        this.target = target;
    }

    @Override
    public int scratchLength() {
        return product.scratchLength();
    }

    @Override
    public void run(float[] in, int inBase, float[] dOut, int outBase, float[] scratch, float[] gradient) {
        product.run(in, inBase, dOut, outBase, scratch, Planes.START);
        for (int o = 0; o < target.length; o++) {
            for (int t = 0; t < target[o].length; t++) {
                gradient[target[o][t]] = scratch[Planes.START + LaneSums.at(product.number(o, t))];
            }
        }
    }
}
