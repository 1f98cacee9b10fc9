package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class UsageTest {
    @ParameterizedTest
    @CsvSource({
        "--batch, 0",
        "--batch, -1",
        "--batch, 1.5",
        "--batch, 65537",
        "--epochs, 0",
        "--epochs, many",
        "--epochs, 65537",
        "--seed, x",
        "--seed, 99999999999999999999",
        "--threads, 0",
        "--threads, 1025",
        "--limit, 0",
        "--limit, 99999999999",
        "--require, 2",
        "--require, -0.1",
        "--require, NaN",
        "--require, 99.4%",
        "--require, 1d",
        "--require, 0x1p-1",
        "--seed, ٣",
        "--device, gpu",
        "--set, optimizer.lr",
        "--set, =1"
    })
    void aValueThatAnOptionDoesNotTakeIsWrongUsage(String option, String value) {
        Typed.in("train", option, value).failed(2, option, value, "expected");
    }

    @Test
    void anEmptyRecipeIsWrongUsage() {
        Typed.in("train", "--recipe", "").failed(2, "--recipe", "default", "TOML file");
        Typed.in("sweep", "--recipe", "").failed(2, "--recipe", "default", "TOML file");
        Typed.in("search", "--recipe", "").failed(2, "--recipe", "default", "TOML file");
    }

    @Test
    void aFileThatLooksLikeAnOptionIsNotSaidToBeMissing() {
        Typed.in("predict", "MODEL", "-x.png").failed(2, "predict has no option -x.png");
    }

    @Test
    void digitsOfOtherScriptsAreWrongUsage() {
        Typed.in("sweep", "--seeds", "١..٢", "--out", "x").failed(2, "--seeds", "1..20");
        Typed.in("sweep", "--shard", "١/٢", "--out", "x").failed(2, "--shard", "1/4");
        Typed.in("search", "--rungs", "١,٢", "--out", "x").failed(2, "--rungs", "1,2,4");
    }

    @Test
    void aBatchBeyondAllLimitsIsWrongUsage() {
        Typed.in("bench", "--batch", "65537").failed(2, "--batch", "65536");
    }

    @Test
    void twoKindsOfImagesToBeJudgedByAreWrongUsage() {
        Typed.in("train", "--holdout", "--redraw").failed(2, "--holdout", "--redraw", "leave one of them out");
        Typed.in("sweep", "--seeds", "1..2", "--out", "x", "--holdout", "--redraw")
                .failed(2, "--holdout", "--redraw");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train --out",
                "train --resume",
                "train --data",
                "evaluate",
                "predict",
                "predict MODEL",
                "export",
                "export MODEL --format=onnx --out",
                "sweep --out",
                "sweep merge",
                "sweep table",
                "sweep table runs.jsonl --plot",
                "search --out",
                "gpu-check --out"
            })
    void anEmptyNameIsNotTheWorkingFolder(String command) {
        Typed.in(Typed.concat(command.split(" "), "")).failed(2, " \"\": expected the name of a file or folder");
    }

    @Test
    void aNameThatNoFileCanHaveIsWrongUsage() {
        Typed.in("train", "--out", "a\0b").failed(2, "--out", "names no file");
    }

    @Test
    void aNameThatTheLocaleCannotSpellIsAnsweredWithOneThatCan() {
        Typed.in("train", "--out", "\ud800").failed(2, "--out", "LC_ALL=C.UTF-8");
        String line = reported(new InvalidPathException("/home/\ud800", "unmappable"), false);
        assertTrue(line.contains("/home/") && line.contains("LC_ALL=C.UTF-8"), line);
    }

    /// A class file begins with its magic number and its version, which is 52 of Java 8.
    @Test
    void anOlderJavaCanLoadWhatSaysThatItIsTooOld() throws IOException {
        try (var start =
                new DataInputStream(Objects.requireNonNull(UsageTest.class.getResourceAsStream("Start.class")))) {
            start.skipNBytes(6);
            assertEquals(52, start.readUnsignedShort());
        }
    }

    @Test
    void anUnknownCommandIsAnsweredWithTheNearest() {
        Typed.in("trian").failed(2, "trian", "train?");
    }

    @Test
    void anUnknownOptionIsAnsweredWithTheNearest() {
        Typed.in("train", "--epoch", "3").failed(2, "--epoch", "--epochs?");
    }

    @Test
    void anOptionWithoutItsValueIsWrongUsage() {
        Typed.in("train", "--seed").failed(2, "--seed", "needs a value");
    }

    @Test
    void anOptionTwiceIsWrongUsage() {
        Typed.in("train", "--seed", "1", "--seed", "2").failed(2, "--seed", "once");
    }

    @Test
    void aMissingModelIsWrongUsage() {
        Typed.in("evaluate").failed(2, "MODEL", "evaluate --help");
    }

    @Test
    void anArgumentTooManyIsWrongUsage() {
        Typed.in("summary", "more").failed(2, "more", "summary --help");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "65536", "http"})
    void aPortIsANumber(String port) {
        Typed.in("serve", "model.safetensors", "--port", port).failed(2, "--port", port, "expected");
    }

    @Test
    void noCommandAtAllIsWrongUsage() {
        Typed.in().failed(2, "command", "--help");
    }

    @Test
    void aRunThatGoesOnHasNoOtherFolder() {
        Typed.in("train", "--resume", "a", "--out", "b").failed(2, "--resume", "--out");
    }

    static List<String> commands() {
        return List.of(
                "train",
                "evaluate",
                "predict",
                "export",
                "serve",
                "sweep",
                "search",
                "summary",
                "bench",
                "data",
                "doctor");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandExplainsItself(String command) {
        Typed help = Typed.in(command, "--help").succeeded();
        assertTrue(help.out().contains("Usage: mnist20k " + command), help.out());
        assertTrue(help.out().contains("Exit codes:"), help.out());
        assertEquals("", help.err());
    }

    @Test
    void helpNamesEveryCommandAndExitCode() {
        Typed help = Typed.in("--help").succeeded();
        for (String word :
                Stream.concat(commands().stream(), Stream.of("129, 130, 143")).toList()) {
            assertTrue(help.out().contains(word), () -> word + " is not in:\n" + help.out());
        }
    }

    @Test
    void completionKnowsTheOptions() {
        assertTrue(Typed.in("generate-completion").succeeded().out().contains("--no-budget"));
    }

    @Test
    void aFaultOfTheProgramIsOneLineThatNamesIt() {
        assertEquals(
                "mnist20k: unexpected java.lang.IllegalStateException: two lines; this is a fault of the program, and"
                        + " --verbose shows the stack trace to report it with",
                reported(new IllegalStateException("two\n  lines"), false).strip());
    }

    @Test
    void aFullMemoryIsOneLineThatHelps() {
        String line = reported(new OutOfMemoryError("Java heap space"), false);
        assertEquals(1, line.lines().count(), line);
        assertTrue(line.contains("-Xmx") && line.contains("--batch"), line);
    }

    @Test
    void verboseShowsTheStackTrace() {
        String lines = reported(new UserError("a sentence"), true);
        assertTrue(lines.contains("\tat " + UsageTest.class.getName()), lines);
    }

    private static String reported(Throwable failure, boolean verbose) {
        var err = new StringWriter();
        assertEquals(1, new Failures(() -> verbose).report(failure, new PrintWriter(err)));
        return err.toString();
    }
}
