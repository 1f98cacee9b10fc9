package io.mnist20k.files;

import io.mnist20k.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Files that are written whole or not at all: under a name of their own beside the target, forced to the disk,
/// then renamed over it. Until the rename an earlier file of that name stays as it was.
public final class AtomicFile {
    private static final String UNFINISHED = ".unfinished";

    /// Bytes of a name to which there is something to add: most file systems take 255.
    private static final int LONGEST = 255 - ".".length() - UNFINISHED.length();

    private AtomicFile() {}

    /// @param target replaced if it is a file, refused if it is a device, a link or a folder; its own folder has to
    ///               exist. One process at a time may write a target: the unfinished file's name is fixed, so that
    ///               what a killed process left goes with the next.
    /// @throws UserError naming the target where it cannot be written
    public static void write(Path target, byte[] content) {
        try {
            replace(target, content);
        } catch (IOException e) {
            throw new UserError("writing " + target + ": " + findingAndRemedy(target, e), e);
        }
    }

    /// The same, for who does without the file where it cannot be written.
    public static void replace(Path target, byte[] content) throws IOException {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
                && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new NotAFile(target);
        }
        Path unfinished = unfinished(target);
        try {
            Files.deleteIfExists(unfinished); // and whatever it may lead to stays as it is
            try (FileChannel file =
                    FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (ByteBuffer rest = ByteBuffer.wrap(content); rest.hasRemaining(); ) {
                    file.write(rest);
                }
                file.force(true);
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(unfinished);
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    /// As [#write(Path, byte[])], in UTF-8.
    public static void write(Path target, String text) {
        write(target, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String findingAndRemedy(Path target, IOException failure) {
        Path folder = target.getParent();
        if (failure instanceof NotAFile) {
            return Reason.of(failure) + "; give the name of a file, or move this away";
        }
        return failure instanceof NoSuchFileException && folder != null && Files.notExists(folder)
                ? "there is no folder " + folder + "; make it, or name another"
                : Reason.of(failure) + "; nothing was changed there, so "
                        + (failure instanceof ClosedByInterruptException
                                ? "try again"
                                : Reason.remedy(failure) + ", and try again");
    }

    private static final class NotAFile extends FileSystemException {
        private static final long serialVersionUID = 1L;

        NotAFile(Path path) {
            super(
                    path.toString(),
                    null,
                    Files.isSymbolicLink(path) ? "this is a link, not a file" : "this is not a file");
        }
    }

    private static Path unfinished(Path target) {
        String name = String.valueOf(target.getFileName());
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return target.resolveSibling("." + (bytes.length > LONGEST ? Sha256.of(bytes) : name) + UNFINISHED);
    }
}
