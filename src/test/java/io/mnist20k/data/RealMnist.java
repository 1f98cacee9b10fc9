package io.mnist20k.data;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The real dataset, for the slow tests: in the folder of the property `mnist20k.data`, or in the cache.
public final class RealMnist {
    static final Download FROM_NOWHERE =
            new Download(List.of(), Duration.ofSeconds(1), Duration.ofSeconds(1), (_, _) -> {});

    private RealMnist() {}

    public static Path path() {
        String given = System.getProperty("mnist20k.data", "");
        return given.isEmpty() ? MnistFolder.cache(FROM_NOWHERE).path() : Path.of(given);
    }

    public static Split split() {
        return MnistFolder.at(path()).load();
    }
}
