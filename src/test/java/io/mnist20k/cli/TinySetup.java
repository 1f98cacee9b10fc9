package io.mnist20k.cli;

import io.mnist20k.data.MadeUpDigits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Files for a run that takes a second.
final class TinySetup {
    static final int TRAINING_IMAGES = 203;
    static final int TEST_IMAGES = 101;
    static final int EPOCHS = 3;

    private static final String RECIPE = """
            epochs = 3
            batch = 16
            network = [
                { type = "maxpool", kernel = 4 },
                { type = "conv", out = 4, kernel = 3, padding = 1 },
                { type = "batchnorm" },
                { type = "relu" },
                { type = "dropout", rate = 0.1 },
                { type = "dense", out = 10 },
                { type = "softmax" },
            ]
            averaging.decay = 0.9
            augmentation.shift = 1
            """;

    private TinySetup() {}

    /// A folder for `--data`, made on first use.
    static Path data(Path folder) {
        Path data = folder.resolve("data");
        return Files.exists(data)
                ? data
                : MadeUpDigits.write(data, MadeUpDigits.of(TRAINING_IMAGES, 1), MadeUpDigits.of(TEST_IMAGES, 2));
    }

    /// A file for `--recipe`.
    static Path recipe(Path folder) {
        return write(folder.resolve("tiny.toml"), RECIPE);
    }

    static Path write(Path file, String text) {
        try {
            return Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
