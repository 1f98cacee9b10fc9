package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ResultsTest {
    @TempDir
    Path folder;

    private JsonNode json() throws IOException {
        return JsonMapper.shared().readTree(Files.readString(folder.resolve(Results.JSON_FILE)));
    }

    @Test
    void whatWasMeasuredIsOnDiskAfterEachPart() throws IOException {
        var results = new Results(folder, Map.of("device", "a card"));
        results.add("first", new Results.Outcome("done", "", 1.5, Map.of("images/s", 1234.5)));
        assertEquals("a card", json().get("device").stringValue());
        assertEquals(1234.5, json().at("/parts/first/measured/images~1s").doubleValue());
        results.add("second", new Results.Outcome("skipped", "it lacks a | b", 0, Map.of()));
        assertEquals(1234.5, json().at("/parts/first/measured/images~1s").doubleValue());
        assertEquals("skipped", json().at("/parts/second/status").stringValue());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(2, files.count(), "an unfinished file was left");
        }
    }

    @Test
    void everyRowOfTheTableHasThreeCells() throws IOException {
        var results = new Results(folder, Map.of("device", "a card"));
        results.add("first", new Results.Outcome("failed", "a | b\nc", 1, Map.of("list", List.of(Map.of("x", 1)))));
        for (String line : Files.readAllLines(folder.resolve(Results.TABLE_FILE))) {
            assertEquals(
                    4, line.replace("\\|", "").chars().filter(c -> c == '|').count(), line);
        }
    }

    @Test
    void onlyAFailedPartFailsTheCheck() {
        var results = new Results(folder, Map.of());
        results.add("first", new Results.Outcome("skipped", "no", 0, Map.of()));
        assertFalse(results.anyFailed());
        results.add("second", new Results.Outcome("failed", "no", 0, Map.of()));
        assertTrue(results.anyFailed());
    }
}
