package io.mnist20k.cuda;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Reading of folders that may be missing or closed to us: what cannot be read holds nothing.
final class Folders {
    private Folders() {}

    /// What in a folder has a name like `glob`, in the order of the names.
    static List<Path> matching(Path folder, String glob) {
        var found = new ArrayList<Path>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
            entries.forEach(found::add);
        } catch (IOException unreadable) {
            return List.of();
        }
        found.sort(null);
        return found;
    }

    /// What has a path like this one, whose last name is a pattern.
    static List<Path> matching(Path pattern) {
        Path folder = pattern.getParent();
        return folder == null
                ? List.of()
                : matching(folder, pattern.getFileName().toString());
    }

    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException unreadable) {
            return List.of();
        }
    }
}
