package io.mnist20k.engine;

import io.mnist20k.engine.cpu.CpuProvider;

final class CpuEngineTest extends EngineContract {
    @Override
    protected Engine engine(int threads) {
        return new CpuProvider().create(threads);
    }

    @Override
    protected int[] threadCounts() {
        return new int[] {1, 2, 3, 5};
    }
}
