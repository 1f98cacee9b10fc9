package io.mnist20k.engine;

import io.mnist20k.cuda.OnCudaDevice;
import io.mnist20k.engine.cuda.CudaProvider;

@OnCudaDevice
final class CudaEngineTest extends EngineContract {
    @Override
    protected Engine engine(int threads) {
        return new CudaProvider().create(threads);
    }
}
