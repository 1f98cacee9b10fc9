package io.mnist20k.engine.cuda;

import io.mnist20k.cuda.ConvolutionAlgorithm;
import io.mnist20k.cuda.MathType;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Which algorithm computes which convolution on this GPU: the fastest that gives the same bits every time.
///
/// Two algorithms round differently, and which of two is faster can change from one measurement to the next. So a
/// convolution is measured once on a machine and the answer kept in a file, a line a convolution, which every later
/// process obeys. Where the file cannot be read or written nothing is measured: cuDNN's own guess, a function of
/// convolution, GPU and version alone, decides. Deleting the file means measuring anew.
final class Algorithms {
    /// The most that an algorithm may ask for; convolutions of this size are fast with much less.
    static final long MOST_WORKSPACE_BYTES = 64L << 20;

    /// In the program's cache.
    static final String FILE_NAME = "convolution-algorithms.tsv";

    private static final Object FILE_LOCK = new Object();

    private final Path file;
    private final String device;

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
        synchronized (FILE_LOCK) {
            try {
                Optional<ConvolutionAlgorithm> kept =
                        Optional.ofNullable(read().get(key)).flatMap(Algorithms::parse);
                if (kept.isPresent()) {
                    return kept;
                }
                return withFileLocked(() -> {
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
                return first(guessed.get(), usable);
            }
        }
    }

    private static Optional<ConvolutionAlgorithm> first(
            List<ConvolutionAlgorithm> algorithms, Predicate<ConvolutionAlgorithm> usable) {
        return algorithms.stream()
                .filter(ConvolutionAlgorithm::deterministic)
                .filter(algorithm -> algorithm.workspaceBytes() <= MOST_WORKSPACE_BYTES)
                .filter(usable)
                .findFirst();
    }

    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> T withFileLocked(Work<T> work) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        try (FileChannel channel = FileChannel.open(
                        file.resolveSibling(file.getFileName() + ".lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                var lock = channel.lock()) {
            assert lock.isValid();
            return work.run();
        }
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
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        Files.write(
                unfinished,
                lines.entrySet().stream()
                        .map(line -> line.getKey() + "\t" + line.getValue())
                        .toList());
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String format(ConvolutionAlgorithm algorithm) {
        return algorithm.number() + " " + algorithm.mathType() + " " + algorithm.workspaceBytes();
    }

    private static Optional<ConvolutionAlgorithm> parse(String answer) {
        String[] words = answer.split(" ", -1);
        try {
            return Optional.of(new ConvolutionAlgorithm(
                    Integer.parseInt(words[0]), -1, Long.parseLong(words[2]), true, MathType.valueOf(words[1])));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            return Optional.empty(); // damaged: measured anew
        }
    }
}
