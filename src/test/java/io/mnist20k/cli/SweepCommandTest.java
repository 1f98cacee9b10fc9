package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.train.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

final class SweepCommandTest {
    @TempDir
    Path folder;

    private Typed sweep(String... more) {
        String[] all = {
            "sweep",
            "--device",
            "reference",
            "--data",
            TinySetup.data(folder).toString(),
            "--recipe",
            TinySetup.recipe(folder).toString(),
            "--set",
            "epochs=1",
            "--out",
            folder.resolve("sweep").toString()
        };
        return Typed.in(Typed.concat(all, more));
    }

    /// Those of that name below the sweep's folder.
    private List<Path> files(String name) throws IOException {
        try (var all = Files.walk(folder.resolve("sweep"))) {
            return all.filter(path -> path.endsWith(name)).toList();
        }
    }

    @Test
    void printsARowARecipeAndALineARun() {
        Typed typed = sweep("--seeds", "1..3", "--threads", "2").succeeded();
        List<String> lines = typed.out().lines().toList();
        assertEquals(6, lines.size(), typed.out());
        assertTrue(lines.getFirst().startsWith("3 runs, 2 at a time, on reference"), typed.out());
        assertTrue(lines.getLast().startsWith("tiny "), typed.out());
    }

    @Test
    void jsonIsOneObjectAndMergeSaysTheSame() {
        JsonNode answer = sweep("--seeds", "1..2", "--json").succeeded().json();
        assertEquals(2, answer.get("runs").intValue());
        JsonNode row = answer.get("rows").get(0);
        assertEquals("tiny", row.get("recipe").stringValue());
        assertEquals(2, row.get("runs").intValue());
        double mean = row.get("mean").doubleValue();
        assertTrue(row.get("minimum").doubleValue() <= mean
                && mean <= row.get("maximum").doubleValue());
        JsonNode merged = Typed.in("sweep", "merge", folder.resolve("sweep").toString(), "--json")
                .succeeded()
                .json();
        assertEquals(answer, merged);
    }

    @Test
    void aRecipeThatIsGivenTwiceIsTrainedOnce() {
        String again = TinySetup.recipe(folder).toString();
        Typed typed = sweep("--recipe", again, "--seeds", "1..2", "--threads", "2", "--json")
                .succeeded();
        assertTrue(typed.err().startsWith("2 runs, 2 at a time"), typed.err());
        assertEquals(2, typed.json().get("runs").intValue());
        assertEquals(1, typed.json().get("rows").size());
    }

    /// A folder stands where its own is to be written.
    @Test
    void aSweepWithARunThatFailsHasFailedAndHasTheOthers() throws IOException {
        sweep("--seeds", "1").succeeded();
        Path first = files("seed-1").getFirst();
        Files.writeString(first.resolveSibling("seed-2"), "");
        Typed typed = sweep("--seeds", "1..3", "--json");
        assertEquals(1, typed.exitCode(), typed.toString());
        assertEquals(2, typed.json().get("runs").intValue());
        assertTrue(typed.err().contains("seed-2"), typed.err());
    }

    @Test
    void shardsOfDifferentMachinesMakeTheWhole() {
        sweep("--seeds", "1..3", "--shard", "1/2").succeeded();
        JsonNode whole =
                sweep("--seeds", "1..3", "--shard", "2/2", "--json").succeeded().json();
        assertEquals(3, whole.get("runs").intValue());
    }

    @Test
    void aShardWithoutARunSaysSo() {
        JsonNode none =
                sweep("--seeds", "1..2", "--shard", "3/3", "--json").succeeded().json();
        assertEquals(0, none.get("runs").intValue());
        assertEquals(0, none.get("rows").size());
    }

    @Test
    void eachSeedHasARedrawnSplitAndAllAreOneVariant() throws IOException {
        JsonNode answer =
                sweep("--seeds", "1..3", "--redraw", "--json").succeeded().json();
        assertEquals(1, answer.get("rows").size());
        JsonNode row = answer.get("rows").get(0);
        assertEquals(3, row.get("runs").intValue());
        assertEquals("re-drawn", row.get("validation").stringValue());
        assertEquals("data", row.get("data").stringValue());
        var images = new HashSet<String>();
        for (Path checkpoint : files(RunDirectory.CHECKPOINT)) {
            try (RunDirectory run = RunDirectory.reopen(Objects.requireNonNull(checkpoint.getParent()))) {
                images.add(run.checkpoint().orElseThrow().images());
            }
        }
        assertEquals(3, images.size());
    }

    @Test
    void aModelThatHasSeenTestImagesIsNotEvaluated() throws IOException {
        sweep("--seeds", "1", "--redraw").succeeded();
        Path model = files(RunDirectory.MODEL).getFirst();
        String data = TinySetup.data(folder).toString();
        Typed.in("evaluate", model.toString(), "--data", data, "--device", "reference")
                .failed(1, model.toString(), "re-drawn");
    }

    @Test
    void anAblationIsARowAnIngredient() {
        JsonNode rows =
                sweep("--seeds", "1", "--ablation", "--json").succeeded().json().get("rows");
        List<String> names =
                rows.valueStream().map(row -> row.get("recipe").stringValue()).toList();
        assertTrue(names.contains("tiny") && names.contains("tiny without dropout"), names.toString());
        assertEquals(9, names.size(), "it has all ingredients but 1×1 convolutions: " + names);
    }

    @Test
    void tablesAreMadeAnewFromKeptLines() throws IOException {
        sweep("--seeds", "1..2", "--ablation").succeeded();
        Path plot = folder.resolve("plot.svg");
        Path kept = folder.resolve("kept.jsonl");
        Files.copy(folder.resolve("sweep/runs.jsonl"), kept);
        String table = Typed.in("sweep", "table", kept.toString(), "--plot", plot.toString())
                .succeeded()
                .out();
        List<String> lines = table.lines().toList();
        assertTrue(lines.get(0).startsWith("| recipe | images | parameters |"), table);
        assertTrue(lines.get(1).startsWith("| --- | --- | ---: |"), table);
        assertEquals(2 + 9, lines.size(), table);
        assertEquals(
                table,
                Typed.in("sweep", "table", folder.resolve("sweep").toString(), kept.toString())
                        .succeeded()
                        .out(),
                "the same runs twice are the same runs");
        Typed.in("sweep", "--json", "merge", folder.resolve("sweep").toString())
                .succeeded()
                .json();
        String each = Typed.in("sweep", "table", kept.toString(), "--each")
                .succeeded()
                .out();
        assertEquals(2 + 18, each.lines().count(), each);
        String svg = Files.readString(plot);
        assertTrue(svg.contains("tiny without dropout") && svg.contains("prefers-color-scheme: dark"), svg);
    }

    @ParameterizedTest
    @CsvSource({
        "finalLoss, null",
        "trainSeconds, null",
        "finalAccuracy, null",
        "finalAccuracy, \"NaN\"",
        "finalAccuracy, -0.1",
        "bestAccuracy, 1.5",
        "imagesPerSecond, 1e999",
        "epochs, 0",
        "batch, -16"
    })
    void aLineThatNoRunCanHaveLeftIsRefused(String key, String value) throws IOException {
        sweep("--seeds", "1").succeeded();
        Path kept = folder.resolve("sweep/runs.jsonl");
        String line = Files.readString(kept);
        String changed = line.replaceFirst("\"" + key + "\":[^,}]+", "\"" + key + "\":" + value);
        assertNotEquals(line, changed);
        Files.writeString(kept, line + changed);
        Typed.in("sweep", "table", kept.toString()).failed(1, kept.toString(), "line 2 is not the result of a run");
    }

    /// What is typed, and what the sentence says, with a bar between.
    @ParameterizedTest
    @CsvSource({
        "sweep table, FILE|DIR",
        "sweep, --seeds|--out",
        "sweep --seeds 1 --out x --redraw --holdout, --redraw|--holdout",
        "sweep --seeds 4..1 --out x, --seeds 4..1|1..20",
        "sweep --seeds 1..2 --shard 3/2 --out x, --shard 3/2|1/4",
        "sweep --seeds 1..2 merge x, --seeds|sweep merge",
        "sweep --ablation table x, --ablation|sweep table",
        "sweep --json table x, --json|sweep table",
        "sweep merge, DIR"
    })
    void wrongUsageIsOneSentence(String command, String facts) {
        Typed.in(command.split(" ")).failed(2, facts.split("\\|"));
    }

    @Test
    void whereThereIsNoRunOfASweepIsOneSentence() {
        Typed.in("sweep", "table", folder.resolve("none.jsonl").toString()).failed(1, "none.jsonl");
        Typed.in("sweep", "merge", folder.resolve("none").toString()).failed(1, "none", "--out");
        Typed.in("sweep", "merge", folder.toString()).failed(1, "no finished run of a sweep");
    }
}
