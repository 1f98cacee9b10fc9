package io.mnist20k.cli;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// What the locale lets Java spell: arguments, the environment and names of files. Java reads it once, at its start.
final class FileNames {
    /// A locale that knows every character, wherever there is one besides C itself.
    static final String LOCALE_VARIABLE = "LC_ALL";

    static final String LOCALE = "C.UTF-8";
    static final String REMEDY = "set " + LOCALE_VARIABLE + "=" + LOCALE + " and try again";

    private static final Charset CHARSET = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private FileNames() {}

    /// As in containers and under cron, which set no locale.
    static boolean areAscii() {
        return CHARSET.equals(StandardCharsets.US_ASCII);
    }

    static boolean canSpell(String name) {
        return CHARSET.newEncoder().canEncode(name);
    }

    /// The first argument that is not as it was typed: what the locale cannot spell came as replacement characters.
    static Optional<String> misread(String[] args) {
        return Arrays.stream(args).filter(arg -> !canSpell(arg)).findFirst();
    }
}
