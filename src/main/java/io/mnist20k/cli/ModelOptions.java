package io.mnist20k.cli;

import io.mnist20k.model.Model;
import java.nio.file.Path;
import picocli.CommandLine.Parameters;

/// Which model.
final class ModelOptions {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            converter = OptionValues.FilePath.class,
            description = "The model.safetensors of a run.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path path;

    Path path() {
        return path;
    }

    Model read() {
        return Model.read(path);
    }
}
