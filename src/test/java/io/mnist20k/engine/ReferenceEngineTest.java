package io.mnist20k.engine;

import io.mnist20k.engine.reference.ReferenceEngine;

final class ReferenceEngineTest extends EngineContract {
    @Override
    protected Engine engine(int threads) {
        return new ReferenceEngine();
    }
}
