package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.data.Download;
import io.mnist20k.data.MnistFolder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/// Where the images are.
final class DataOptions {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            converter = OptionValues.FilePath.class,
            description = {
                "Folder with the four IDX files under their usual names, plain or .gz: MNIST, or any set of ten classes"
                        + " and 28×28 pixels.",
                "Default: the cache, filled with MNIST on first use ($XDG_CACHE_HOME/mnist20k or ~/.cache/mnist20k)."
            })
    private @Nullable Path folder;

    @Spec(Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    @Nullable
    Path folder() {
        return folder;
    }

    /// The folder as runs remember it; empty for the cache.
    String folderName() {
        return folder == null ? "" : folder.toAbsolutePath().toString();
    }

    /// The folder to read, or the cache. Files that have to be fetched are named on standard error.
    MnistFolder open() {
        return open(folder);
    }

    MnistFolder open(@Nullable Path path) {
        return path != null
                ? MnistFolder.at(path)
                : MnistFolder.cache(Download.fromPublicMirrors(this::sayWhatIsFetched));
    }

    private void sayWhatIsFetched(String file, long bytes) {
        String size = bytes < 0 ? "" : ", " + Units.bytes(bytes);
        command.commandLine().getErr().println("fetching " + file + size);
    }
}
