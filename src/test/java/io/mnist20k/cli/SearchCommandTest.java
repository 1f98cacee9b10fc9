package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

final class SearchCommandTest {
    @TempDir
    Path folder;

    private Typed search(String... more) {
        String[] all = {
            "search",
            "--device",
            "reference",
            "--data",
            TinySetup.data(folder).toString(),
            "--recipe",
            TinySetup.recipe(folder).toString(),
            "--set",
            "epochs=1",
            "--out",
            folder.resolve("search").toString()
        };
        return Typed.in(Typed.concat(all, more));
    }

    @Test
    void aTableARungAndTheWinnersRecipe() {
        Typed typed = search("--vary", "optimizer.lr=0.0000001,0.02", "--rungs", "1,2")
                .succeeded();
        List<String> lines = typed.out().lines().toList();
        assertTrue(lines.getFirst().startsWith("2 candidates, "), typed.out());
        assertEquals(1, lines.stream().filter(line -> line.startsWith("rung ")).count(), typed.out());
        assertTrue(lines.stream().anyMatch(line -> line.contains("optimizer.lr") && line.contains("mean %")));
        assertTrue(lines.getLast().contains("optimizer.lr=0.02"), typed.out());
        JsonNode summary = Typed.in(
                        "summary",
                        "--recipe",
                        folder.resolve("search/best.toml").toString(),
                        "--json")
                .succeeded()
                .json();
        assertTrue(summary.get("parameters").intValue() > 0);
    }

    @Test
    void theTestFilesAreNotOpened() throws IOException {
        Path data = TinySetup.data(folder);
        Files.delete(data.resolve("t10k-images-idx3-ubyte"));
        Files.delete(data.resolve("t10k-labels-idx1-ubyte"));
        search("--vary", "optimizer.lr=0.01,0.02", "--rungs", "1").succeeded();
        Typed.in(
                        "sweep",
                        "--seeds",
                        "1",
                        "--holdout",
                        "--data",
                        data.toString(),
                        "--recipe",
                        TinySetup.recipe(folder).toString(),
                        "--device",
                        "reference",
                        "--out",
                        folder.resolve("sweep").toString())
                .succeeded();
    }

    @Test
    void jsonIsOneObjectWithAllRungs() {
        JsonNode answer = search(
                        "--vary", "optimizer.lr=0.01,0.02", "--vary", "batch=16,32", "--rungs", "1,2", "--json")
                .succeeded()
                .json();
        assertEquals(2, answer.get("rungs").size());
        JsonNode first = answer.get("rungs").get(0);
        assertEquals(1, first.get("seeds").intValue());
        assertEquals(2, first.get("goOn").intValue());
        assertEquals(4, first.get("standings").size());
        JsonNode best = answer.get("best");
        assertEquals(answer.get("rungs").get(1).get("standings").get(0), best);
        assertEquals(2, best.get("changes").size());
        assertEquals(2, best.get("runs").intValue());
        assertEquals("held-out", best.get("validation").stringValue());
        assertEquals(
                answer.get("best").get("mean"),
                search("--vary", "optimizer.lr=0.01,0.02", "--vary", "batch=16,32", "--rungs", "1,2", "--json")
                        .succeeded()
                        .json()
                        .get("best")
                        .get("mean"));
    }

    @Test
    void whereEveryCandidateDivergesThereIsNoBest() {
        Typed typed = search(
                "--set",
                "optimizer={type=\"sgd\",momentum=0.9,weight_decay=10.0}",
                "--set",
                "batch=4",
                "--vary",
                "optimizer.lr=99,100",
                "--rungs",
                "1");
        assertEquals(1, typed.exitCode(), typed.toString());
        List<String> lines = typed.err().lines().toList();
        assertEquals(1, lines.size(), typed.err());
        assertTrue(lines.getFirst().startsWith("mnist20k: ") && typed.err().contains("diverged"), typed.err());
        assertFalse(typed.out().contains("best"), typed.out());
        assertFalse(Files.exists(folder.resolve("search/best.toml")));
    }

    @Test
    void whatIsOverBudgetIsLeftOut() {
        Typed typed = search("--vary", "network.1.out=4,5,500", "--rungs", "1", "--json")
                .succeeded();
        assertTrue(typed.err().contains("1 of 3 candidates"), typed.err());
        assertEquals(2, typed.json().get("rungs").get(0).get("standings").size());
    }

    @Test
    void aSearchWithoutAFolderIsWrongUsage() {
        Typed.in("search").failed(2, "--out");
    }

    /// What is typed, the exit code, and what the sentence says, with a bar between.
    @ParameterizedTest
    @CsvSource({
        "--vary optimizer.lr, 2, '--vary|optimizer.lr=0.005,0.01'",
        "'--vary batch=1,1', 2, --vary|twice",
        "'--rungs 2,1', 2, '--rungs 2,1|1,2,4'",
        "--seed 1, 2, two candidates|--vary",
        "'--vary optimizer.rl=1,2', 1, optimizer.rl|optimizer.lr",
        "'--vary batch=1,2 --rungs 1,3 --seed 9223372036854775806', 2, '--seed 9223372036854775806|--rungs 1,3'",
        "'--draw 0 --vary batch=1,2', 2, --draw"
    })
    void wrongUsageIsOneSentence(String options, int exitCode, String facts) {
        search(options.split(" ")).failed(exitCode, facts.split("\\|"));
    }
}
