package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    void shardsOfDifferentMachinesMakeTheWhole() {
        sweep("--seeds", "1..3", "--shard", "1/2").succeeded();
        JsonNode whole =
                sweep("--seeds", "1..3", "--shard", "2/2", "--json").succeeded().json();
        assertEquals(3, whole.get("runs").intValue());
    }

    @Test
    void wrongUsageIsOneSentence() {
        Typed.in("sweep").failed(2, "--seeds", "--out");
        Typed.in("sweep", "--seeds", "4..1", "--out", "x").failed(2, "--seeds 4..1", "1..20");
        Typed.in("sweep", "--seeds", "1..2", "--shard", "3/2", "--out", "x").failed(2, "--shard 3/2", "1/4");
        Typed.in("sweep", "merge").failed(2, "DIR");
        Typed.in("sweep", "merge", folder.resolve("none").toString()).failed(1, "none", "--out");
        Typed.in("sweep", "merge", folder.toString()).failed(1, "no finished run");
    }
}
