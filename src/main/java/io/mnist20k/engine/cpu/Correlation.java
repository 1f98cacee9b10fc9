package io.mnist20k.engine.cpu;

/// `out[o, p] = bias[o] + sum over t of weight[o, t] * in[p + t]` for all outputs o and pixels p of a block: the inner
/// product of every convolution, dense layer and data gradient. In an evaluation an [Epilogue] may come behind the sum.
interface Correlation {
    /// Takes over new parameters.
    void pack(float[] parameters);

    /// One block.
    ///
    /// @param inBase  where the block starts in `in`
    /// @param outBase where the block starts in `out`
    /// @param scratch at least [#scratchLength] floats from [Planes#START] on
    void run(float[] in, int inBase, float[] out, int outBase, float[] scratch);

    int scratchLength();
}
