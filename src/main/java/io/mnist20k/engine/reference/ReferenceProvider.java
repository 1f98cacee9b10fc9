package io.mnist20k.engine.reference;

import io.mnist20k.engine.Availability;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.EngineProvider;
import java.util.Map;

/// The reference engine needs nothing and is always there.
public final class ReferenceProvider implements EngineProvider {
    @Override
    public String name() {
        return ReferenceEngine.NAME;
    }

    @Override
    public Availability probe() {
        return new Availability.Ready(ReferenceEngine.DEVICE_NAME, Map.of());
    }

    @Override
    public Engine create(int threads) {
        return new ReferenceEngine();
    }
}
