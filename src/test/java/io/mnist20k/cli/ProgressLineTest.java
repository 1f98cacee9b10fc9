package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProgressLineTest {
    @Test
    void itIsOneLineThatMakesRoomForOthersAndGoesAway() {
        var terminal = new StringWriter();
        var err = new PrintWriter(terminal);
        try (var progress = new ProgressLine(err, 200, 100)) {
            progress.show(150, "epoch 2/2, loss 0.5000");
            progress.above(() -> err.print("something else\n"));
        }
        List<String> drawn = Arrays.asList(terminal.toString().split("\r", -1));
        assertTrue(drawn.stream().allMatch(line -> line.length() <= 79), drawn.toString());
        int other = drawn.indexOf("something else\n");
        assertTrue(other > 0, drawn.toString());
        assertEquals("", drawn.get(other - 1).strip());
        assertEquals("", drawn.getLast());
        assertEquals("", drawn.get(drawn.size() - 2).strip());
        String bar = drawn.stream()
                .filter(line -> line.startsWith("epoch 2/2, loss 0.5000"))
                .findFirst()
                .orElseThrow();
        long filled = bar.chars().filter(c -> c == '=').count();
        long all = bar.indexOf(']') - bar.indexOf('[') - 1L;
        assertEquals(all * 3 / 4, filled, bar);
        assertTrue(bar.contains("images/s") && bar.contains("left"), bar);
    }
}
