package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuCheckTest {
    @TempDir
    private Path folder;

    @Test
    void aFolderThatHoldsACheckIsLeftAsItIs() throws Exception {
        Path out = folder.resolve("check");
        check(out);
        Files.writeString(out.resolve("gpu-check.json"), "{}");
        UserError refused = assertThrows(UserError.class, () -> check(out));
        assertTrue(refused.getMessage().contains(out + " has the results of a check already"), refused.getMessage());
        assertTrue(refused.getMessage().contains("--out"), refused.getMessage());
        assertEquals("{}", Files.readString(out.resolve("gpu-check.json")));
    }

    private static GpuCheck check(Path out) {
        return new GpuCheck(out, out.resolve("mnist20k.jar"), new Plan("", true), Map.of());
    }
}
