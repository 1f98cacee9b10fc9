package io.mnist20k.sweep;

import io.mnist20k.UserError;
import io.mnist20k.files.AtomicFile;
import io.mnist20k.files.LockFile;
import io.mnist20k.files.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Everything that has been run below a folder, each run once.
///
/// @param runs by recipe, variant and seed
public record Results(List<RunResult> runs) {
    /// The name of the file that [#merge] makes: a line of JSON a run.
    public static final String FILE = "runs.jsonl";

    private static final String LOCK = "." + FILE + ".lock";

    private static final Comparator<RunResult> ORDER = Comparator.comparing(RunResult::recipe)
            .thenComparing(RunResult::variant)
            .thenComparingLong(RunResult::seed);

    /// Reads the results of all finished runs in a folder and the folders below it, as of several shards' folders
    /// put side by side.
    ///
    /// @throws UserError where there is none, one cannot be read, or two tell different things of the same run
    public static Results read(Path folder) {
        return read("merging " + folder, List.of(folder));
    }

    /// Reads as [#read(Path)] does and writes all runs into one file there; shards that end at once take turns.
    ///
    /// @throws UserError as [#read(Path)], and where the file cannot be written
    public static Results merge(Path folder) {
        if (!Files.isDirectory(folder)) {
            return read(folder);
        }
        try {
            return LockFile.holding(folder.resolve(LOCK), () -> {
                Results results = read(folder);
                results.write(folder);
                return results;
            });
        } catch (IOException e) {
            throw new UserError("merging " + folder + ": " + Reason.of(e) + "; permit writing there", e);
        }
    }

    /// Reads folders as [#read(Path)] does, and files that [#merge] made.
    ///
    /// @param attempt how a failure begins
    /// @param places  at least one
    /// @throws UserError where there is no run, one cannot be read, or two tell different things of the same run
    public static Results read(String attempt, List<Path> places) {
        var found = new TreeMap<RunResult, Path>(ORDER);
        for (Path place : places) {
            boolean isFile = Files.isRegularFile(place);
            for (Path file : isFile ? List.of(place) : files(attempt, place)) {
                for (RunResult result : isFile ? RunResult.readAll(file) : List.of(RunResult.read(file))) {
                    RunResult before = found.ceilingKey(result);
                    Path where = found.putIfAbsent(result, file);
                    if (where != null && before != null && !before.agreesWith(result)) {
                        throw new UserError(attempt + ": " + where + " and " + file + " are of the same run and differ,"
                                + " as they may if two kinds of processor ran it; keep one and delete the other");
                    }
                }
            }
        }
        if (found.isEmpty()) {
            throw new UserError(
                    attempt + ": there is no finished run of a sweep in it; give the folder that sweep --out wrote");
        }
        return new Results(List.copyOf(found.keySet()));
    }

    private static List<Path> files(String attempt, Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> path.endsWith(RunResult.FILE)).sorted().toList();
        } catch (UncheckedIOException e) { // of a folder further down, which the cause's message names
            throw new UserError(
                    attempt + ": cannot look into "
                            + Objects.requireNonNull(e.getCause()).getMessage()
                            + "; permit it or give another folder",
                    e);
        } catch (IOException e) {
            throw new UserError(attempt + ": " + Reason.of(e) + "; give the folder that sweep --out wrote", e);
        }
    }

    /// A row a variant, in the order of the runs.
    public List<Row> rows() {
        Map<String, List<RunResult>> variants = runs.stream()
                .collect(Collectors.groupingBy(RunResult::variant, LinkedHashMap::new, Collectors.toList()));
        return variants.values().stream().map(Row::of).toList();
    }

    /// The runs of a row.
    public List<RunResult> runs(Row row) {
        return runs.stream().filter(run -> run.variant().equals(row.variant())).toList();
    }

    /// Twice the same runs, twice the same bytes.
    private void write(Path folder) {
        String lines = runs.stream().map(RunResult::toJson).collect(Collectors.joining());
        AtomicFile.write(folder.resolve(FILE), lines);
    }
}
