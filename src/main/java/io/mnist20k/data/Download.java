package io.mnist20k.data;

import io.mnist20k.UserError;
import io.mnist20k.files.LockFile;
import io.mnist20k.files.NewFolders;
import io.mnist20k.files.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// Fetches MNIST's files from the first mirror that gives the right bytes. The JVM's proxy settings are honoured.
///
/// @param mirrors         asked in this order; each is a folder that ends in `/` and holds the four files packed
///       by gzip
/// @param connectTimeout  for reaching a mirror; short, so that a machine without a network knows soon
/// @param readTimeout     for the answer to begin, and for each further piece of it
/// @param progress        told of every file
public record Download(List<URI> mirrors, Duration connectTimeout, Duration readTimeout, Progress progress) {
    /// Where users of PyTorch (`torchvision.datasets.MNIST.mirrors`) and of TensorFlow get MNIST from.
    private static final List<URI> PUBLIC_MIRRORS = List.of(
            URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            URI.create("https://storage.googleapis.com/cvdf-datasets/mnist/"));

    private static final int PIECE_BYTES = 1 << 16;

    private static final String LOCK = ".lock";

    /// Follows a download.
    @FunctionalInterface
    public interface Progress {
        /// A mirror begins to give a file.
        ///
        /// @param file  its name
        /// @param bytes expected, packed; -1 where the mirror does not say
        void begins(String file, long bytes);
    }

    public Download {
        mirrors = List.copyOf(mirrors);
    }

    /// From the public mirrors.
    public static Download fromPublicMirrors(Progress progress) {
        return new Download(PUBLIC_MIRRORS, Duration.ofSeconds(5), Duration.ofSeconds(20), progress);
    }

    /// Puts the file, unpacked, into `folder` under its usual name, replacing what is there. It appears complete
    /// or not at all; processes that fetch the same file at once put the same bytes there, one after the other.
    /// What a process leaves that is killed goes with the next that fetches the file.
    ///
    /// @param found what is wrong with the file that should be there, as in "is missing"
    /// @throws UserError where no mirror gave the right bytes or the folder cannot be written
    IdxFile fetch(MnistFile file, Path folder, String found) {
        Path target = folder.resolve(file.fileName());
        List<Path> made = NewFolders.make(folder);
        boolean written = false;
        try {
            Files.createDirectories(folder);
            // Before megabytes are fetched for a folder that cannot take them.
            Files.delete(Files.createTempFile(folder, ".", ".part"));
            IdxFile fetched = fetch(file, target + " " + found);
            Files.createDirectories(folder); // where another has given up meanwhile, and made it away
            LockFile.holding(folder.resolve(LOCK), () -> write(fetched, target));
            written = true;
            return fetched;
        } catch (IOException e) {
            throw new UserError(
                    "cannot write " + file.fileName() + " to " + folder + ": " + Reason.of(e)
                            + "; make sure that it is writable and has 60 MB free, or"
                            + " name with --data a folder that holds the four MNIST files",
                    e);
        } finally {
            if (!written) {
                NewFolders.removeEmpty(made);
            }
        }
    }

    private static Path write(IdxFile fetched, Path target) throws IOException {
        Path part = target.resolveSibling("." + target.getFileName() + ".part");
        try {
            try (OutputStream out = Files.newOutputStream(part)) {
                fetched.write(out);
            }
            return Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private IdxFile fetch(MnistFile file, String found) {
        StringJoiner failures = new StringJoiner(", ");
        try (HttpClient client = HttpClient.newBuilder()
                .sslContext(TrustedCertificates.context())
                .connectTimeout(connectTimeout)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build()) {
            for (URI mirror : mirrors) {
                try {
                    return fetch(client, mirror, file);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new UserError(found + "; fetching it was interrupted; try again", e);
                } catch (IOException e) {
                    failures.add(mirror + " (" + Reason.of(e) + ")");
                }
            }
        }
        throw new UserError(found + " and no mirror gave it: " + failures
                + "; connect to the network, put the four MNIST files there,"
                + " name their folder with --data, or run make data");
    }

    private IdxFile fetch(HttpClient client, URI mirror, MnistFile file) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(mirror.resolve(file.fileName() + ".gz")).build();
        HttpResponse<InputStream> response =
                await(client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream()), () -> "no answer in time");
        byte[] packed;
        try (InputStream body = response.body()) {
            if (response.statusCode() != 200) {
                throw new IOException("HTTP status " + response.statusCode());
            }
            progress.begins(
                    file.fileName(),
                    response.headers().firstValueAsLong("Content-Length").orElse(-1));
            packed = receive(body, file);
        }
        IdxFile fetched = IdxFile.read(new ByteArrayInputStream(packed), packed.length, file.kind());
        String sha256 = fetched.sha256();
        if (!sha256.equals(file.sha256())) {
            throw new IOException("SHA-256 is " + sha256 + ", expected " + file.sha256());
        }
        return fetched;
    }

    /// Reads in a thread of its own, since a body that stalls would hold its reader for ever.
    private byte[] receive(InputStream body, MnistFile file) throws IOException, InterruptedException {
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        byte[] piece = new byte[PIECE_BYTES];
        try (var reader = Executors.newVirtualThreadPerTaskExecutor();
                body) {
            while (true) {
                int bytes = await(
                        reader.submit(() -> body.read(piece)), () -> "stalled after " + received.size() + " bytes");
                if (bytes < 0) {
                    return received.toByteArray();
                }
                received.write(piece, 0, bytes);
                if (received.size() > file.bytes()) {
                    throw new IOException("more than the " + file.bytes() + " bytes that the unpacked file has");
                }
            }
        }
    }

    /// Every wait for a mirror, and not [HttpRequest.Builder#timeout], which from JDK 26 on counts the whole body.
    private <T> T await(Future<T> answer, Supplier<String> late) throws IOException, InterruptedException {
        try {
            return answer.get(readTimeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IOException(late.get(), e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        } finally {
            answer.cancel(true);
        }
    }
}
