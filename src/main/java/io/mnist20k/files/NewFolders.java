package io.mnist20k.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Folders that are made for something, and go again where it comes to nothing.
public final class NewFolders {
    private NewFolders() {}

    /// Makes a folder and those that it lies in as far as they are missing, or as it can.
    ///
    /// @return those that nobody else has made, innermost first
    public static List<Path> make(Path path) {
        List<Path> missing = Stream.iterate(path.toAbsolutePath(), p -> p != null && !Files.exists(p), Path::getParent)
                .toList();
        var made = new ArrayList<Path>();
        for (Path folder : missing.reversed()) {
            try {
                Files.createDirectory(folder);
                made.addFirst(folder);
            } catch (IOException e) {
                // another process has made it now, or the caller will find the same
            }
        }
        return List.copyOf(made);
    }

    /// Removes folders, innermost first, up to one in which anyone has put anything.
    public static void removeEmpty(List<Path> folders) {
        try {
            for (Path folder : folders) {
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            // an empty folder more, or one that someone else has begun to use
        }
    }
}
