package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProgressLineTest {
    private static final String MESSAGE = "epoch 2/2, loss 0.5000";

    private final StringWriter terminal = new StringWriter();
    private final PrintWriter err = new PrintWriter(terminal);

    @Test
    void itIsOneLineThatMakesRoomForOthersAndGoesAway() {
        try (var progress = new ProgressLine(err, () -> 80, 200, 100)) {
            progress.show(150, MESSAGE);
            progress.above(() -> err.print("something else\n"));
        }
        List<String> drawn = drawn();
        int other = drawn.indexOf("something else\n");
        assertTrue(other > 0, drawn.toString());
        assertEquals("", drawn.getLast());
        String bar = last();
        assertEquals(79, bar.length(), bar);
        long filled = bar.chars().filter(c -> c == '=').count();
        long all = bar.indexOf(']') - bar.indexOf('[') - 1L;
        assertEquals(all * 3 / 4, filled, bar);
    }

    /// The widest form that fits, and never the last column, in which some terminals wrap.
    @ParameterizedTest
    @CsvSource({
        "0, ' +\\[=+ *\\] +[0-9,]+ images/s  .+ left', 79",
        "200, ' +\\[=+ *\\] +[0-9,]+ images/s  .+ left', 79",
        "60, '  \\[=+ *\\]  .+ left', 59",
        "45, '  [^\\[]+ left', 44",
        "20, '', 19",
        "1, '', 0"
    })
    void aNarrowTerminalHasLessInOneLine(int columns, String rest, int most) {
        try (var progress = new ProgressLine(err, () -> columns, 200, 100)) {
            progress.show(150, MESSAGE);
        }
        String text = last();
        assertTrue(text.length() <= most, text);
        String message = MESSAGE.substring(0, Math.min(most, MESSAGE.length()));
        assertTrue(Pattern.matches(Pattern.quote(message) + rest, text), text);
    }

    @Test
    void aTerminalThatGetsNarrowerIsAskedAgain() {
        var columns = new AtomicInteger(80);
        try (var progress = new ProgressLine(err, columns::get, 200, 0)) {
            progress.show(100, MESSAGE);
            columns.set(30);
        }
        assertEquals(MESSAGE, last());
    }

    @Test
    void afterTheLastImageValidationIsLeft() {
        try (var progress = new ProgressLine(err, () -> 80, 200, 0)) {
            progress.show(200, MESSAGE);
        }
        assertTrue(last().endsWith("  validation left"), last());
    }

    /// The last line, to whose beginning the cursor went back.
    private String last() {
        String line =
                drawn().stream().filter(drawn -> drawn.endsWith("\r")).toList().getLast();
        return line.substring(0, line.length() - 1);
    }

    /// What stands between one erasing and the next.
    private List<String> drawn() {
        return List.of(terminal.toString().split("\r\u001b\\[J", -1));
    }
}
