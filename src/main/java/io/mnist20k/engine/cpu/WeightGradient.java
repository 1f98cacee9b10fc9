package io.mnist20k.engine.cpu;

/// `dWeight[o, t] = sum over p of dOut[o, p] * in[p + t]` of one block, the sum over its images included.
interface WeightGradient {
    /// One block.
    ///
    /// @param inBase   where the block starts in `in`
    /// @param outBase  where the block starts in `dOut`
    /// @param scratch  at least [#scratchLength] floats from [Planes#START] on
    /// @param gradient overwritten where the weights stand among the parameters
    void run(float[] in, int inBase, float[] dOut, int outBase, float[] scratch, float[] gradient);

    int scratchLength();
}
