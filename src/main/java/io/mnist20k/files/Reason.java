package io.mnist20k.files;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.InvalidAlgorithmParameterException;
import java.util.Optional;
import java.util.zip.ZipException;

/// The part of a sentence that says why reading, writing or fetching failed; many of the JDK's own messages are empty
/// or a mere path.
public final class Reason {
    private Reason() {}

    /// Files are replaced, so a file that exists already and must not stands where a folder has to be.
    public static String of(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "host name not found";
            }
            if (cause instanceof InvalidAlgorithmParameterException) { // thrown for a trust store that is empty
                return "there are no certificates to trust, which the package ca-certificates brings";
            }
        }
        return switch (failure) {
            case HttpConnectTimeoutException _ -> "no connection in time";
            case ConnectException refused when refused.getMessage() == null -> "connection refused";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException file
            when file.getReason() == null -> file.getFile() + " exists and is not a folder";
            case DirectoryNotEmptyException folder -> folder.getFile() + " is a folder with files in it";
            case NoSuchFileException missing -> "there is no " + missing.getFile();
            case ClosedByInterruptException _ -> "the thread was interrupted";
            case FileSystemException file when file.getReason() != null -> file.getReason();
            case EOFException _ -> "the packed data end too early";
            case ZipException damage -> "the packed data are damaged (" + damage.getMessage() + ")";
            case IOException other when other.getMessage() != null -> other.getMessage();
            default -> failure.getClass().getSimpleName();
        };
    }

    /// What helps where a file could not be written. The system says why in the language of the locale, of which
    /// this knows English.
    public static String remedy(IOException failure) {
        return switch (of(failure)) {
            case "Too many open files" -> "permit more of them (ulimit -n)";
            case "File too large" -> "permit larger ones (ulimit -f) or write to another file system";
            case "File name too long" -> "give it a shorter name";
            default -> "free some space or permit writing";
        };
    }

    /// Why a path cannot be read as a file; empty where it may be one. What a folder hides neither exists nor does not.
    public static Optional<String> notAFile(Path path) {
        if (Files.notExists(path)) {
            return Optional.of("there is no such file");
        }
        return Files.exists(path) && !Files.isRegularFile(path) ? Optional.of("this is not a file") : Optional.empty();
    }
}
