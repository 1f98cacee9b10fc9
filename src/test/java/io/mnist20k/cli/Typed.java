package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What came of typing a command.
record Typed(int exitCode, String out, String err) {
    /// Runs it in this JVM.
    static Typed in(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int exitCode = Program.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Typed(exitCode, out.toString(), err.toString());
    }

    /// Asserts that it did what it was asked to.
    Typed succeeded() {
        assertEquals(0, exitCode, toString());
        return this;
    }

    /// Asserts that it failed with one line on standard error that has the facts in it, and said nothing else.
    Typed failed(int expectedExitCode, String... facts) {
        assertEquals(expectedExitCode, exitCode, toString());
        assertEquals("", out, "standard output of a failure");
        List<String> lines = err.lines()
                .filter(line -> !line.startsWith("WARNING: Using incubator modules"))
                .toList();
        assertEquals(1, lines.size(), () -> "lines on standard error:\n" + err);
        assertTrue(lines.getFirst().startsWith("mnist20k: "), err);
        assertFalse(err.contains("Exception") || err.contains("\tat "), err);
        for (String fact : facts) {
            assertTrue(err.contains(fact), () -> "\"" + err.strip() + "\" lacks " + fact);
        }
        return this;
    }

    /// The one object on standard output.
    JsonNode json() {
        assertEquals(1, out.lines().count(), () -> "lines on standard output:\n" + out);
        return JsonMapper.shared().readTree(out);
    }

    /// The arguments of a run that takes a second: made-up digits, a small network, the slow engine.
    static String[] train(Path folder, Path out, String... more) {
        return concat(
                new String[] {
                    "train",
                    "--device",
                    "reference",
                    "--data",
                    TinySetup.data(folder).toString(),
                    "--recipe",
                    TinySetup.recipe(folder).toString(),
                    "--out",
                    out.toString()
                },
                more);
    }

    static String[] concat(String[] first, String... second) {
        String[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
