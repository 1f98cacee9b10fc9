package io.mnist20k;

/// Which version of the program this is. It stands beside the classes: a manifest is that of whoever packed them, and a
/// module has none.
public final class Version {
    private Version() {}

    /// Such as `0.1.0`.
    public static String ofProgram() {
        return Packed.text(Version.class, "version.txt").strip();
    }
}
