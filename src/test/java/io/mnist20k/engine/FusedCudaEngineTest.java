package io.mnist20k.engine;

import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.engine.cuda.CudaProvider;
import io.mnist20k.recipe.EngineSettings;
import io.mnist20k.recipe.Kernels;
import io.mnist20k.recipe.Precision;

/// The same with this program's kernels in place of cuDNN's: whole units where a network is made of them, else batch
/// normalisation and pooling.
@OnCudaDevice
final class FusedCudaEngineTest extends EngineContract {
    @Override
    protected Engine engine(int threads) {
        return new EngineWith(new CudaProvider().create(threads), new EngineSettings(Precision.FP32, Kernels.FUSED));
    }
}
