package io.mnist20k;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// What lies beside the classes in the program's own jar.
public final class Packed {
    private Packed() {}

    /// @param name  from the package of `beside`, or from the jar's root with a `/` before it
    /// @throws IllegalStateException where the program was packed without it
    public static byte[] bytes(Class<?> beside, String name) {
        byte[] bytes = find(beside, name);
        if (bytes == null) {
            throw new IllegalStateException("the program was packed without its " + name);
        }
        return bytes;
    }

    /// [#bytes] as UTF-8.
    public static String text(Class<?> beside, String name) {
        return new String(bytes(beside, name), StandardCharsets.UTF_8);
    }

    /// [#bytes] of what may be absent.
    public static byte @Nullable [] find(Class<?> beside, String name) {
        try (InputStream in = beside.getResourceAsStream(name)) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + name + " from the program's own jar", e);
        }
    }
}
