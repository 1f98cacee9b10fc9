package io.mnist20k.engine;

import io.mnist20k.network.Network;

/// A device that can train.
public interface Engine {
    /// `cuda`, `cpu` or `reference`.
    String name();

    /// The device in words, such as the model of the processor and its number of threads.
    String deviceName();

    /// Compiles the network; what a step needs is allocated now or by the first one. The session's parameters are
    /// unset until the first [Session#restore].
    ///
    /// @throws IllegalArgumentException where the network takes other images, or has other classes, than a
    ///                                  [io.mnist20k.data.Dataset]
    /// @throws io.mnist20k.UserError    where the engine lacks the precision, the device the memory, or it fails
    Session open(Network network, Training training);
}
