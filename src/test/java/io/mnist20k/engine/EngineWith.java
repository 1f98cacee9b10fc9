package io.mnist20k.engine;

import io.mnist20k.network.Network;
import io.mnist20k.recipe.EngineSettings;

/// An engine whose sessions compute as told, whatever the training says.
record EngineWith(Engine engine, EngineSettings settings) implements Engine {
    @Override
    public String name() {
        return engine.name();
    }

    @Override
    public String deviceName() {
        return engine.deviceName();
    }

    @Override
    public Session open(Network network, Training training) {
        return engine.open(
                network,
                new Training(
                        training.batch(),
                        training.seed(),
                        training.optimizer(),
                        training.labelSmoothing(),
                        training.averagingDecay(),
                        training.augmentation(),
                        training.normalization(),
                        settings));
    }
}
