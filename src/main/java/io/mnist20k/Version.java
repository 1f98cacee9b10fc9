package io.mnist20k;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/// Which version of the program this is. It stands beside the classes: a manifest is that of whoever packed them, and a
/// module has none.
public final class Version {
    private static final String FILE = "version.txt";

    private Version() {}

    /// Such as `0.1.0`.
    public static String ofProgram() {
        try (InputStream in =
                Objects.requireNonNull(Version.class.getResourceAsStream(FILE), "packed without " + FILE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new IllegalStateException("reading " + FILE + " from the program's own jar", e);
        }
    }
}
