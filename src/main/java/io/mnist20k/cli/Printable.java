package io.mnist20k.cli;

/// Text out of files and names of files, for a terminal.
final class Printable {
    private Printable() {}

    /// What a terminal would obey, or would turn the line around by, as question marks.
    static String of(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]", "?");
    }
}
