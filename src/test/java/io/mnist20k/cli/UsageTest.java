package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

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
        String line = reported(new InvalidPathException("/home/\ud800", "unmappable"));
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
    void aRequiredOptionThatIsNotThereIsNamedWithItsValue() {
        Typed.in("export", "model", "--out", "file").failed(2, "--format FORMAT is missing");
        Typed.in("search", "--vary", "batch=64,128").failed(2, "--out DIR is missing");
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

    static Set<String> commands() {
        return new CommandLine(Program.class).getSubcommands().keySet();
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
        String help = Typed.in("--help").succeeded().out();
        List<String> listed = help.substring(help.indexOf("Commands:"), help.indexOf("Exit codes:"))
                .lines()
                .skip(1)
                .filter(line -> line.matches("  \\S.*"))
                .map(line -> line.strip().replaceFirst("\\s.*", ""))
                .toList();
        assertEquals(List.copyOf(commands()), listed);
        assertTrue(commands().size() > 10, help);
        assertEquals(
                "Exit codes: 0 done 1 failed, for the reason on standard error 2 wrong usage"
                        + " 3 the accuracy that train --require asks for was not reached"
                        + " 129, 130, 143 stopped by SIGHUP, Ctrl-C or SIGTERM; a training leaves a checkpoint to resume",
                onOneLine(help.substring(help.indexOf("Exit codes:"))));
    }

    @ParameterizedTest
    @CsvSource({"train, The run directory. Default: a new one in runs/.", "serve, Default: 8020."})
    void helpSaysWhatIsTakenWhereNothingIsNamed(String command, String sentence) {
        String help = onOneLine(Typed.in(command, "--help").succeeded().out());
        assertTrue(help.contains(sentence), help);
    }

    /// Where lines break is up to the terminal.
    private static String onOneLine(String help) {
        return help.replaceAll("\\s+", " ").strip();
    }

    @Test
    void completionKnowsTheOptions() {
        assertTrue(Typed.in("generate-completion").succeeded().out().contains("--no-budget"));
    }

    @Test
    void aFaultOfTheProgramIsOneLineThatNamesIt() {
        assertEquals(
                "mnist20k: unexpected java.lang.IllegalStateException: two lines; this is a fault in the program, and"
                        + " --verbose shows the stack trace to report",
                reported(new IllegalStateException("two\n  lines")).strip());
    }

    @Test
    void aFullMemoryIsOneLineThatHelps() {
        String line = reported(new OutOfMemoryError("Java heap space"));
        assertEquals(1, line.lines().count(), line);
        assertTrue(line.contains("-Xmx") && line.contains("--batch"), line);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--verbose evaluate missing", "evaluate missing --verbose"})
    void verboseShowsTheStackTrace(String command) {
        Typed typed = Typed.in(command.split(" "));
        assertEquals(1, typed.exitCode(), typed.toString());
        List<String> lines = typed.err().lines().toList();
        assertTrue(lines.getFirst().startsWith("mnist20k: "), typed.err());
        assertTrue(typed.err().contains("\tat " + EvaluateCommand.class.getName()), typed.err());
    }

    private static String reported(Throwable failure) {
        var err = new StringWriter();
        assertEquals(1, new Failures(() -> false).report(failure, new PrintWriter(err)));
        return err.toString();
    }
}
