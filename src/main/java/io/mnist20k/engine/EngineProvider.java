package io.mnist20k.engine;

/// Says whether a kind of device can be used here and makes its engine. Found by [java.util.ServiceLoader]; a
/// provider is loadable everywhere and touches no class that needs the device, its libraries or a JVM flag before
/// [#probe] has found them.
public interface EngineProvider {
    /// The word for `--device`: `cuda`, `cpu` or `reference`.
    String name();

    Availability probe();

    /// To be asked only where [#probe] does not say [Availability.Missing].
    ///
    /// @param threads for engines that compute on the CPU, at least 1; others ignore it
    Engine create(int threads);
}
