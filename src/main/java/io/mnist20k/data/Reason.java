package io.mnist20k.data;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.security.InvalidAlgorithmParameterException;
import java.util.zip.ZipException;

/// The part of a sentence that says why reading or fetching failed; many of the JDK's own messages are empty or a
/// mere path.
final class Reason {
    private Reason() {}

    static String of(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "host name not found";
            }
            if (cause instanceof InvalidAlgorithmParameterException) { // thrown for a trust store that is empty
                return "there are no certificates to trust, the package ca-certificates brings them";
            }
        }
        return switch (failure) {
            case HttpConnectTimeoutException _ -> "no connection in time";
            case ConnectException refused when refused.getMessage() == null -> "connection refused";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "a file is where a folder should be";
            case NoSuchFileException _ -> "no such file";
            case FileSystemException file when file.getReason() != null -> file.getReason();
            case EOFException _ -> "the packed data end too early";
            case ZipException damage -> "the packed data are damaged (" + damage.getMessage() + ")";
            case IOException other when other.getMessage() != null -> other.getMessage();
            default -> failure.getClass().getSimpleName();
        };
    }
}
