package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class GpuCheckTest {
    @TempDir
    private Path folder;

    @Test
    void aFolderThatHoldsACheckIsLeftAsItIs() throws Exception {
        Path out = folder.resolve("check");
        check(out);
        Files.writeString(out.resolve("gpu-check.json"), "{}");
        UserError refused = assertThrows(UserError.class, () -> check(out));
        assertTrue(refused.getMessage().contains(out + " already has the results of a check"), refused.getMessage());
        assertTrue(refused.getMessage().contains("--out"), refused.getMessage());
        assertEquals("{}", Files.readString(out.resolve("gpu-check.json")));
    }

    @Test
    void everyPartIsTriedWhateverBecameOfTheOneBefore() throws Exception {
        Path out = folder.resolve("check");
        var check = new GpuCheck(
                out,
                List.of(
                        new Part("fine", () -> Map.of("speed", 7)),
                        new Part("lacking", () -> {
                            throw new Part.Skipped("no card; buy one");
                        }),
                        new Part("wrong", () -> {
                            throw new Part.Failed("too slow", Map.of("speed", 1));
                        }),
                        new Part("broken", () -> {
                            throw new IOException("disk");
                        }),
                        new Part("last", () -> Map.of("speed", 9))),
                Map.of());
        var told = new ArrayList<String>();
        assertFalse(check.run(() -> false, told::add));
        assertEquals(
                List.of(
                        "fine …",
                        "fine: done",
                        "lacking …",
                        "lacking: skipped, no card; buy one",
                        "wrong …",
                        "wrong: failed, too slow",
                        "broken …",
                        "broken: failed, IOException: disk",
                        "last …",
                        "last: done"),
                told);
        JsonNode parts =
                JsonMapper.shared().readTree(Files.readString(check.json())).get("parts");
        assertEquals(List.of("fine", "lacking", "wrong", "broken", "last"), List.copyOf(parts.propertyNames()));
        assertEquals(1, parts.at("/wrong/measured/speed").intValue());
        assertEquals(9, parts.at("/last/measured/speed").intValue());
        double seconds = parts.at("/fine/seconds").doubleValue();
        assertTrue(seconds >= 0 && seconds < 60, () -> seconds + " s");
        assertTrue(Files.readString(check.table()).contains("| wrong | failed | too slow |"));
    }

    @Test
    void aCheckThatIsStoppedKeepsWhatItHas() throws Exception {
        var stop = new AtomicBoolean();
        var check = new GpuCheck(
                folder.resolve("check"),
                List.of(
                        new Part("first", () -> {
                            stop.set(true);
                            return Map.of("speed", 7);
                        }),
                        new Part("second", Map::of)),
                Map.of());
        assertTrue(check.run(stop::get, told -> {}));
        JsonNode parts =
                JsonMapper.shared().readTree(Files.readString(check.json())).get("parts");
        assertEquals(List.of("first"), List.copyOf(parts.propertyNames()));
    }

    private static GpuCheck check(Path out) {
        return new GpuCheck(out, out.resolve("mnist20k.jar"), new Plan("", true), Map.of());
    }
}
