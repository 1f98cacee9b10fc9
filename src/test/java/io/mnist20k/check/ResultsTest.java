package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
    void theTableHasARowForAllThatWasMeasured() throws IOException {
        var results = new Results(folder, Map.of("device", "a card"));
        var measured = new LinkedHashMap<String, Object>();
        measured.put("images/s", 1234567.8);
        measured.put("seconds", 0.123456);
        measured.put("below", -1000.4);
        measured.put("none", List.of());
        measured.put("rounds", List.of(1, 2));
        measured.put("list", List.of(Map.of("x", 1), Map.of("x", 2)));
        results.add("first", new Results.Outcome("done", "", 1.25, measured));
        results.add("second", new Results.Outcome("failed", "a | b\nc", 1, Map.of("found", 3)));
        assertEquals("""
                | part | what | measured |
                | --- | --- | ---: |
                |  | device | a card |
                | first | done | 1.250 s |
                | first | images/s | 1,234,568 |
                | first | seconds | 0.1235 |
                | first | below | -1,000 |
                | first | none | [] |
                | first | rounds | [1,2] |
                | first | list x | 1 |
                | first | list x | 2 |
                | second | failed | a \\| b c |
                | second | found | 3 |
                """, Files.readString(folder.resolve(Results.TABLE_FILE)));
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
