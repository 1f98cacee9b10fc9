package io.mnist20k.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// A script that takes the place of a program on the PATH, and keeps what it is asked.
final class MadeUpTool {
    private MadeUpTool() {}

    /// @param script for `sh`; `$asked` is the file that it writes what it is asked into
    static void write(Path tool, String script) throws IOException {
        Files.writeString(tool, "#!/bin/sh\nasked=\"$0.asked\"\necho \"$@\" >> \"$asked\"\n" + script);
        Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwx------"));
    }

    /// A line for each time that it was started, and what else it wrote; absolute names of its folder are `.`.
    static List<String> asked(Path tool) throws IOException {
        return Files.readString(Path.of(tool + ".asked"))
                .replace(tool.resolveSibling("").toString(), ".")
                .lines()
                .toList();
    }
}
