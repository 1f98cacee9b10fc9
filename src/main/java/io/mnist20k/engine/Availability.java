package io.mnist20k.engine;

import java.util.List;
import java.util.Map;

/// Whether a device can be used here.
public sealed interface Availability {
    /// What was looked at and found, in reading order, for `doctor`.
    Map<String, String> findings();

    /// @param deviceName the device in words, as a person would tell it from another
    record Ready(String deviceName, Map<String, String> findings) implements Availability {}

    /// Usable, but only for whoever names it: `auto` passes it over.
    ///
    /// @param deviceName as in [Ready]
    /// @param reservation why, a phrase
    record OnRequest(String deviceName, String reservation, Map<String, String> findings) implements Availability {}

    /// @param reasons every unmet requirement, each a phrase that ends in its remedy
    record Missing(List<String> reasons, Map<String, String> findings) implements Availability {}
}
