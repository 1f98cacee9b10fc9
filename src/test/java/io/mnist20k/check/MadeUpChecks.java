package io.mnist20k.check;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What other rooms need to know of a check, without one that takes minutes.
public final class MadeUpChecks {
    private MadeUpChecks() {}

    /// The names of a quick one's parts.
    public static List<String> parts() {
        return new Plan("", true)
                .parts(new Processes(Path.of("nowhere"), Path.of("none.jar"))).stream()
                        .map(Part::name)
                        .toList();
    }

    /// One part that is done, and one that ends as it is told.
    ///
    /// @param becomes `done`, `skipped` or `failed`
    public static GpuCheck of(Path out, String becomes) {
        var other = new Part("other", () -> switch (becomes) {
            case "skipped" -> throw new Part.Skipped("no card; buy one");
            case "failed" -> throw new Part.Failed("too slow", Map.of());
            default -> Map.of();
        });
        return new GpuCheck(out, List.of(other, new Part("fine", Map::of)), Map.of());
    }
}
