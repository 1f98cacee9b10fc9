package io.mnist20k.engine;

import io.mnist20k.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/// The choice of device.
public final class Devices {
    /// What `--device` takes; `auto` tries the others in this order.
    public static final List<String> NAMES = List.of("auto", "cuda", "cpu", "reference");

    private Devices() {}

    /// An engine and why it was chosen.
    ///
    /// @param reason one line for the person who said `auto`; what each faster device lacks
    public record Choice(Engine engine, String reason) {}

    /// All devices this program knows, fastest first.
    public static List<EngineProvider> providers() {
        // Of this program's own loader: the thread's may be one that knows the program it is part of only from afar.
        List<EngineProvider> found = ServiceLoader.load(EngineProvider.class, Devices.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        var ordered = new ArrayList<EngineProvider>();
        for (String name : NAMES) {
            found.stream().filter(p -> p.name().equals(name)).forEach(ordered::add);
        }
        return ordered;
    }

    /// The named device, or with `auto` the first that is ready. A named device is never replaced by another.
    ///
    /// @param threads for engines that compute on the CPU, at least 1
    /// @throws UserError where the device cannot be used, with every reason
    /// @throws IllegalArgumentException where there is no thread
    public static Choice choose(String device, int threads) {
        return choose(providers(), device, threads);
    }

    /// @param providers in the order that `auto` tries them in
    static Choice choose(List<EngineProvider> providers, String device, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; expected at least 1");
        }
        var passedOver = new ArrayList<String>();
        for (EngineProvider provider : providers) {
            if (!device.equals("auto") && !device.equals(provider.name())) {
                continue;
            }
            switch (provider.probe()) {
                case Availability.Ready ready -> {
                    return choice(provider, ready.deviceName(), threads, passedOver);
                }
                case Availability.OnRequest(String name, String reservation, var _) -> {
                    if (!device.equals("auto")) {
                        return choice(provider, name, threads, passedOver);
                    }
                    passedOver.add(provider.name() + ": " + reservation);
                }
                case Availability.Missing missing ->
                    passedOver.add((device.equals("auto") ? provider.name() + ": " : "")
                            + String.join(", and ", missing.reasons()));
            }
        }
        if (!NAMES.contains(device)) {
            throw new UserError(
                    "--device " + device + ": there is no such device; use one of " + String.join(", ", NAMES));
        }
        if (passedOver.isEmpty()) {
            throw new UserError("--device " + device + ": this program has no engine for it; use --device auto");
        }
        throw new UserError("--device " + device + ": " + String.join("; ", passedOver));
    }

    private static Choice choice(EngineProvider provider, String deviceName, int threads, List<String> passedOver) {
        String reason = provider.name() + " (" + deviceName + ")";
        return new Choice(
                provider.create(threads),
                passedOver.isEmpty() ? reason : reason + "; not " + String.join(", not ", passedOver));
    }
}
