package io.mnist20k.files;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Words as they are typed into a shell.
public final class ShellWord {
    /// What no shell reads as anything else; letters of any language.
    private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\p{N}_@%+=:,./-]+");

    private ShellWord() {}

    public static String of(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    public static String join(List<String> words) {
        return words.stream().map(ShellWord::of).collect(Collectors.joining(" "));
    }
}
