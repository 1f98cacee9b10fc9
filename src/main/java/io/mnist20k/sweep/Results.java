package io.mnist20k.sweep;

import io.mnist20k.UserError;
import io.mnist20k.model.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Everything that has been run below a folder, each run once.
///
/// @param runs by recipe, variant and seed
public record Results(List<RunResult> runs) {
    /// The name of the file that [#write] makes: a line of JSON a run.
    public static final String FILE = "runs.jsonl";

    private static final Comparator<RunResult> ORDER = Comparator.comparing(RunResult::recipe)
            .thenComparing(RunResult::variant)
            .thenComparingLong(RunResult::seed);

    /// Reads the results of all finished runs in a folder and the folders below it, as of several shards' folders
    /// put side by side.
    ///
    /// @throws UserError where there is none, one cannot be read, or two tell different things of the same run
    public static Results read(Path folder) {
        var found = new TreeMap<RunResult, Path>(ORDER);
        for (Path file : files(folder)) {
            RunResult result = RunResult.read(file);
            Path before = found.putIfAbsent(result, file);
            if (before != null && !RunResult.read(before).agreesWith(result)) {
                throw new UserError("merging " + folder + ": " + before + " and " + file
                        + " are of the same run and differ, as they may where two kinds of processor ran it; keep one "
                        + "and delete the other");
            }
        }
        if (found.isEmpty()) {
            throw new UserError("merging " + folder + ": there is no finished run in it; give the folder that sweep "
                    + "--out wrote");
        }
        return new Results(List.copyOf(found.keySet()));
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> path.endsWith(RunResult.FILE)).sorted().toList();
        } catch (IOException e) {
            throw new UserError(
                    "merging " + folder + ": " + AtomicFile.reason(e) + "; give the folder that sweep --out wrote", e);
        }
    }

    /// A row a variant, in the order of the runs.
    public List<Row> rows() {
        Map<String, List<RunResult>> variants = runs.stream()
                .collect(Collectors.groupingBy(RunResult::variant, LinkedHashMap::new, Collectors.toList()));
        return variants.values().stream().map(Row::of).toList();
    }

    /// Writes all runs into one file; twice the same runs, twice the same bytes.
    ///
    /// @throws UserError where it cannot be written
    public void write(Path folder) {
        String lines = runs.stream().map(RunResult::toJson).collect(Collectors.joining());
        AtomicFile.write(folder.resolve(FILE), lines.getBytes(StandardCharsets.UTF_8));
    }
}
