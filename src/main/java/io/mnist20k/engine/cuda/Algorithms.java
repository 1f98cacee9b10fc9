package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.ConvolutionAlgorithm;
import io.mnist20k.cuda.MathType;
import io.mnist20k.files.AtomicFile;
import io.mnist20k.files.LockFile;
import io.mnist20k.files.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which algorithm computes which convolution on this GPU: the fastest that gives the same bits every time.
///
/// Two algorithms round differently, and which of two is faster can change from one measurement to the next. So a
/// convolution is measured once on a machine and the answer kept in a file, a line a convolution, which every later
/// process obeys. Where the file cannot be read or written cuDNN's own guess decides, a function of convolution, GPU
/// and version alone, and [#unusable] says why. Deleting the file means measuring anew.
final class Algorithms {
    /// The most that an algorithm may ask for; convolutions of this size are fast with much less.
    static final long MOST_WORKSPACE_BYTES = 64L << 20;

    /// In the program's cache.
    static final String FILE_NAME = "convolution-algorithms.tsv";

    private final Path file;
    private final String device;
    private @Nullable String unusable;

    /// @param file   need not exist, nor its folder
    /// @param device everything beside the convolution itself that decides what is fast
    Algorithms(Path file, String device) {
        this.file = file;
        this.device = device;
    }

    /// @param convolution what is to be computed, in words without tabs, the same for every process
    /// @param measured    what can compute it, fastest first
    /// @param guessed     the same as cuDNN guesses, best first
    /// @return            nothing where neither list holds a usable algorithm
    Optional<ConvolutionAlgorithm> choose(
            String convolution,
            Predicate<ConvolutionAlgorithm> usable,
            Supplier<List<ConvolutionAlgorithm>> measured,
            Supplier<List<ConvolutionAlgorithm>> guessed) {
        String key = device + "\t" + convolution;
        try {
            Optional<ConvolutionAlgorithm> kept =
                    Optional.ofNullable(read().get(key)).flatMap(Algorithms::parse);
            if (kept.isPresent()) {
                return kept;
            }
            Files.createDirectories(file.toAbsolutePath().getParent());
            return LockFile.holding(file.resolveSibling(file.getFileName() + ".lock"), () -> {
                Map<String, String> all = read();
                Optional<ConvolutionAlgorithm> other =
                        Optional.ofNullable(all.get(key)).flatMap(Algorithms::parse);
                if (other.isPresent()) {
                    return other; // of a process that was quicker
                }
                Optional<ConvolutionAlgorithm> best = first(measured.get(), usable);
                if (best.isPresent()) {
                    all.put(key, format(best.get()));
                    write(all);
                }
                return best;
            });
        } catch (IOException e) {
            unusable = file + " cannot be used: " + Reason.of(e);
            return first(guessed.get(), usable);
        }
    }

    /// Why some convolution is computed as cuDNN guesses; null where none is.
    @Nullable
    String unusable() {
        return unusable;
    }

    private static Optional<ConvolutionAlgorithm> first(
            List<ConvolutionAlgorithm> algorithms, Predicate<ConvolutionAlgorithm> usable) {
        return algorithms.stream()
                .filter(ConvolutionAlgorithm::deterministic)
                .filter(algorithm -> algorithm.workspaceBytes() <= MOST_WORKSPACE_BYTES)
                .filter(usable)
                .findFirst();
    }

    /// A line is device, convolution and answer, with tabs between; what is none is passed over.
    private Map<String, String> read() throws IOException {
        var lines = new TreeMap<String, String>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                int tab = line.lastIndexOf('\t');
                if (tab > 0) {
                    lines.put(line.substring(0, tab), line.substring(tab + 1));
                }
            }
        }
        return lines;
    }

    private void write(Map<String, String> lines) throws IOException {
        String text = lines.entrySet().stream()
                .map(line -> line.getKey() + "\t" + line.getValue() + "\n")
                .collect(Collectors.joining());
        AtomicFile.replace(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String format(ConvolutionAlgorithm algorithm) {
        return algorithm.number() + " " + algorithm.mathType() + " " + algorithm.workspaceBytes();
    }

    private static Optional<ConvolutionAlgorithm> parse(String answer) {
        String[] words = answer.split(" ", -1);
        try {
            return Optional.of(new ConvolutionAlgorithm(
                    Integer.parseInt(words[0]), Long.parseLong(words[2]), true, MathType.valueOf(words[1])));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            return Optional.empty(); // damaged: measured anew
        }
    }
}
