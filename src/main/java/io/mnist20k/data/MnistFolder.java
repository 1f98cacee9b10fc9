package io.mnist20k.data;

import io.mnist20k.UserError;
import io.mnist20k.files.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A folder with the four files of a dataset, plain or packed by gzip.
///
/// A folder that was [given][#at(Path)] is used as it is: any counts, any ten-class 28×28 set under MNIST's
/// names. The [cache][#cache(Download)] holds MNIST and nothing else: every load checks each file's SHA-256, and
/// fetches what is missing or damaged.
public final class MnistFolder {
    private final Path path;
    private final @Nullable Download download;

    private MnistFolder(Path path, @Nullable Download download) {
        this.path = path;
        this.download = download;
    }

    public static MnistFolder at(Path path) {
        return new MnistFolder(path, null);
    }

    /// MNIST in the user's own [cache][#cachePath].
    public static MnistFolder cache(Download download) {
        return cache(cachePath(), download);
    }

    /// The folder for what this program can make or fetch again: `%LOCALAPPDATA%\mnist20k` on Windows, elsewhere
    /// `$XDG_CACHE_HOME/mnist20k` or, where that is not set, `~/.cache/mnist20k`, with `~` as the shell has it.
    public static Path cachePath() {
        return cachePath(System.getenv(), System.getProperty("os.name"), System.getProperty("user.home"));
    }

    static MnistFolder cache(Path path, Download download) {
        return new MnistFolder(path, download);
    }

    /// @param account the folder of the account, for whom `HOME` is not set or empty
    static Path cachePath(Map<String, String> environment, String operatingSystem, String account) {
        String named = environment.getOrDefault("HOME", "");
        String home = named.isEmpty() ? account : named;
        boolean windows = operatingSystem.toLowerCase(Locale.ROOT).startsWith("windows");
        String caches = environment.getOrDefault(windows ? "LOCALAPPDATA" : "XDG_CACHE_HOME", "");
        // "All paths set in these environment variables must be absolute", else ignored: XDG Base Directory
        // Specification 0.8.
        Path parent = Path.of(caches).isAbsolute()
                ? Path.of(caches)
                : windows ? Path.of(home, "AppData", "Local") : Path.of(home, ".cache");
        return parent.resolve("mnist20k");
    }

    public Path path() {
        return path;
    }

    /// The training and the test images.
    ///
    /// @throws UserError where a file is missing, cannot be fetched, or is not what it should be
    public Split load() {
        return new Split(
                load(MnistFile.TRAIN_IMAGES, MnistFile.TRAIN_LABELS),
                load(MnistFile.TEST_IMAGES, MnistFile.TEST_LABELS));
    }

    /// What a run reads. Where training images are held out the test files are not opened, and the training images
    /// stand in the place of theirs.
    ///
    /// @throws UserError where a file is missing, cannot be fetched, or is not what it should be
    public Split load(Validation validation) {
        if (validation != Validation.HELD_OUT) {
            return load();
        }
        Dataset train = load(MnistFile.TRAIN_IMAGES, MnistFile.TRAIN_LABELS);
        return new Split(train, train);
    }

    /// The test images alone; the training files need not be there.
    ///
    /// @throws UserError where a file is missing, cannot be fetched, or is not what it should be
    public Dataset loadTest() {
        return load(MnistFile.TEST_IMAGES, MnistFile.TEST_LABELS);
    }

    private Dataset load(MnistFile imageFile, MnistFile labelFile) {
        IdxFile labels = read(labelFile);
        IdxFile images = read(imageFile);
        if (images.count() != labels.count()) {
            throw new UserError(String.format(
                    Locale.ROOT,
                    "%s: %s has %,d images, %s has %,d labels; put two files there that belong together",
                    path,
                    imageFile.fileName(),
                    images.count(),
                    labelFile.fileName(),
                    labels.count()));
        }
        return new Dataset(images.body(), labels.body());
    }

    IdxFile read(MnistFile file) {
        Path found = find(file);
        return download == null ? readAsItIs(file, found) : readOrFetch(file, found, download);
    }

    private IdxFile readAsItIs(MnistFile file, @Nullable Path found) {
        if (!Files.isDirectory(path) && !isHidden(path)) {
            throw new UserError("--data " + path + ": there is no such folder; name one that holds " + file.fileName()
                    + " and its three companions, or leave --data out");
        }
        if (found == null) {
            throw new UserError(path + " has no " + file.fileName()
                    + ", plain or .gz; put it there, name another folder with --data, or leave --data out");
        }
        try {
            return IdxFile.read(found, file.kind());
        } catch (IOException e) {
            throw new UserError(
                    found + ": " + Reason.of(e) + "; replace the file or name another folder with --data", e);
        }
    }

    private IdxFile readOrFetch(MnistFile file, @Nullable Path found, Download download) {
        if (found == null) {
            return download.fetch(file, path, "is missing");
        }
        try {
            IdxFile read = IdxFile.read(found, file.kind());
            return read.sha256().equals(file.sha256()) ? read : download.fetch(file, path, "is not MNIST's");
        } catch (IOException e) {
            return download.fetch(file, path, "cannot be used (" + Reason.of(e) + ")");
        }
    }

    private @Nullable Path find(MnistFile file) {
        for (String name : file.names()) {
            Path candidate = path.resolve(name);
            if (Files.isRegularFile(candidate) || isHidden(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    /// Whether it cannot be told if it is there, as in a folder that may not be searched; opening it then tells why.
    private static boolean isHidden(Path path) {
        return !Files.exists(path) && !Files.notExists(path);
    }
}
