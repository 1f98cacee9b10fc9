package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// The packed program as a process of its own, started without the flags it needs: `java -jar mnist20k.jar`.
@Timeout(60)
final class ProcessIT {

    @TempDir
    static Path shared;

    /// The model of a run that nobody stopped.
    private static byte[] uninterrupted = {};
    private static Path served = Path.of("");

    @TempDir
    Path folder;

    @BeforeAll
    static void trainWithoutAStop() throws Exception {
        Path run = shared.resolve("whole");
        typed(trainForSeconds(shared, run)).succeeded();
        served = run.resolve("model.safetensors");
        uninterrupted = Files.readAllBytes(served);
    }

    @Test
    void aCommandThatOpensNoDeviceStartsOneJvm() throws Exception {
        Typed summary = typed("summary", "--json").succeeded();
        assertEquals("", summary.err());
        assertTrue(summary.json().get("parameters").intValue() < 20_000);
    }

    @Test
    void theFlagsThatAreMissingAreFound() throws Exception {
        JsonNode devices = typed("doctor", "--json").succeeded().json().get("devices");
        assertTrue(
                devices.valueStream()
                        .filter(device -> device.get("name").stringValue().equals("cpu"))
                        .anyMatch(device -> device.get("ready").booleanValue()),
                devices.toString());
    }

    @Test
    void exitCodesPassThroughTheRestart() throws Exception {
        typed("train", "--batch", "0").failed(2, "--batch 0");
        typed("evaluate", folder.resolve("none").toString()).failed(1, "none");
        Typed missed = typed(train(folder, folder.resolve("run"), 1, "--require", "1", "--limit", "16", "--json"));
        assertEquals(3, missed.exitCode(), missed.toString());
        assertEquals(1, missed.out().lines().count(), missed.out());
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    void aStoppedRunHasACheckpointAndGoesOnToTheSameBits(String signal, int exitCode) throws Exception {
        assumeFalse(signal.equals("INT") && ignoresInterrupts(), "this shell's background jobs ignore SIGINT");
        Path run = folder.resolve("stopped run");
        Process process = start(trainForSeconds(folder, run));
        awaitAnEpoch(run);
        for (ProcessHandle child : process.children().toList()) {
            assertEquals(0, run("kill", "-QUIT", Long.toString(child.pid()))); // shows the threads, not as an answer
        }
        assertEquals(0, run("kill", "-" + signal, Long.toString(process.pid())));
        Typed stopped = ended(process);
        assertEquals(exitCode, stopped.exitCode(), stopped.toString());
        assertEquals("", stopped.out());
        assertTrue(stopped.err().contains("train --resume '" + run + "'"), stopped.err());
        assertFalse(Files.exists(run.resolve("model.safetensors")));
        assertTrue(Files.readString(run.resolve("log.txt")).contains("stopped by SIG"));
        typed("train", "--resume", run.toString(), "--quiet").succeeded();
        assertArrayEquals(uninterrupted, Files.readAllBytes(run.resolve("model.safetensors")));
    }

    /// As `timeout` does when it stops something: it tells its command, then everything in its group.
    @Test
    void aGroupThatIsToldTwiceStopsWithACheckpoint() throws Exception {
        Path run = folder.resolve("group");
        List<String> command = new ArrayList<>(List.of("timeout", "600"));
        command.addAll(java());
        command.addAll(List.of(trainForSeconds(folder, run)));
        Process process = new ProcessBuilder(command).start();
        awaitAnEpoch(run);
        new ProcessBuilder("kill", "-TERM", Long.toString(process.pid()))
                .start()
                .waitFor();
        Typed stopped = ended(process);
        assertEquals(143, stopped.exitCode(), stopped.toString());
        assertTrue(stopped.err().contains("stopped by SIGTERM"), stopped.toString());
        typed("train", "--resume", run.toString(), "--quiet").succeeded();
        assertArrayEquals(uninterrupted, Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @Test
    void aServedModelAnswersUntilItIsStopped() throws Exception {
        Process process = start("serve", served.toString(), "--port", "0", "--device", "reference");
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            String line = out.readLine();
            Matcher address = Pattern.compile("http://\\S+").matcher(line);
            assertTrue(address.find(), line);
            try (var page = URI.create(address.group()).toURL().openStream()) {
                assertTrue(new String(page.readAllBytes(), StandardCharsets.UTF_8).startsWith("<!DOCTYPE html>"));
            }
            new ProcessBuilder("kill", "-TERM", Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertEquals(143, process.waitFor());
        } finally {
            process.destroyForcibly();
        }
    }

    /// Java loads some of itself when it first answers, and never again where it could open no file for it then.
    @Test
    void aServerWhoseFirstClientsTookAllFilesAnswersTheNext() throws Exception {
        int files = 200;
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n " + files + "; exec \"$@\"", "sh"));
        command.addAll(java());
        command.addAll(List.of("serve", served.toString(), "--port", "0", "--device", "reference"));
        Process process = new ProcessBuilder(command).start();
        var clients = new ArrayList<Socket>();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            Matcher address = Pattern.compile("http://(\\S+):(\\d+)/").matcher(out.readLine());
            assertTrue(address.find());
            for (int i = 0; i < files; i++) {
                clients.add(new Socket(address.group(1), Integer.parseInt(address.group(2))));
            }
            Socket first = clients.getFirst();
            first.getOutputStream()
                    .write("GET /model HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(first.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
            assertFalse(process.waitFor(200, TimeUnit.MILLISECONDS), "it took its parent for gone");
        } finally {
            for (Socket client : clients) {
                client.close();
            }
            process.destroyForcibly();
        }
    }

    @Test
    void aKilledRunGoesOnToTheSameBits() throws Exception {
        Path run = folder.resolve("killed");
        Process process = start(trainForSeconds(folder, run));
        List<ProcessHandle> children = new ArrayList<>();
        awaitAnEpoch(run);
        process.children().forEach(children::add);
        assertFalse(children.isEmpty(), "the program has started itself again");
        process.destroyForcibly().waitFor();
        for (ProcessHandle child : children) { // a child that outlives its parent would keep the folder to itself
            child.onExit().get(10, TimeUnit.SECONDS);
        }
        assertFalse(Files.exists(run.resolve("model.safetensors")));
        typed("train", "--resume", run.toString(), "--quiet").succeeded();
        assertArrayEquals(uninterrupted, Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @Test
    void theLauncherReadsAndWritesAnyNameInALocaleOfAscii() throws Exception {
        Path jar = Path.of(System.getProperty("mnist20k.jar"));
        Path launcher = jar.resolveSibling("..").resolve("mnist20k").normalize();
        Path here = accented("hügel");
        Typed typed = typedInAscii(here, List.of(launcher.toString()), train(here, Path.of("läuft"), 1));
        typed.succeeded();
        assertTrue(Files.exists(here.resolve("läuft/model.safetensors")), typed.toString());
    }

    @Test
    void theJarWritesToAnAccentedFolderInALocaleOfAscii() throws Exception {
        Path here = accented("hügel");
        TinySetup.data(here);
        TinySetup.recipe(here);
        String[] sweep = {
            "sweep",
            "--device=reference",
            "--data=data",
            "--recipe=tiny.toml",
            "--set=epochs=1",
            "--seeds=1..1",
            "--out=x"
        };
        Typed typed = typedInAscii(here, java(), sweep).succeeded();
        assertTrue(Files.exists(here.resolve("x/runs.jsonl")), typed.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"train", "data"})
    void theJarRefusesAnArgumentThatItCannotReadInALocaleOfAscii(String command) throws Exception {
        Path here = accented("hügel");
        typedInAscii(here, java(), command, "--data", "hügel").failed(2, "LC_ALL=C.UTF-8");
    }

    @Test
    void aHomeThatTheLocaleCannotSpellIsOneSentence() throws Exception {
        typedInAscii(accented("hügel"), java(), "data").failed(1, ".cache", "LC_ALL=C.UTF-8");
    }

    private Path accented(String name) throws IOException {
        assumeFalse(FileNames.areAscii(), "this locale cannot encode " + name);
        return Files.createDirectory(folder.resolve(name));
    }

    private static Typed typedInAscii(Path here, List<String> program, String... args) throws Exception {
        var builder = new ProcessBuilder(new ArrayList<>(program)).directory(here.toFile());
        builder.command().addAll(List.of(args));
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("HOME", here.toString());
        builder.environment().remove("XDG_CACHE_HOME");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return ended(builder.start());
    }

    @Test
    void aFullDiskIsOneSentenceAndNothingHalfWritten() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk.toString()) == 0,
                "mounting a small file system needs more rights than this user has");
        try {
            Path run = disk.resolve("run");
            Typed typed = typed(train(folder, run, 1, "--json"));
            typed.failed(1, run.toString());
            assertFalse(Files.exists(run), () -> "left behind: " + run);
        } finally {
            run("umount", disk.toString());
        }
    }

    /// The default network with plain loops: half a second an epoch at the least, so that a signal sent after the first
    /// of five comes before the last, on a loaded machine too.
    private static String[] trainForSeconds(Path folder, Path run) {
        return new String[] {
            "train",
            "--device",
            "reference",
            "--data",
            TinySetup.data(folder).toString(),
            "--epochs",
            "5",
            "--limit",
            "64",
            "--out",
            run.toString(),
            "--quiet"
        };
    }

    private static String[] train(Path folder, Path run, int epochs, String... more) {
        return Typed.concat(Typed.train(folder, run, "--epochs", Integer.toString(epochs)), more);
    }

    /// Whether SIGINT (bit 1) was ignored from the start, as shells arrange for what they run in the background.
    private static boolean ignoresInterrupts() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }

    private static void awaitAnEpoch(Path run) throws Exception {
        Path metrics = run.resolve("metrics.jsonl");
        while (!Files.exists(metrics) || Files.size(metrics) == 0) {
            Thread.sleep(5);
        }
    }

    private static Typed typed(String... args) throws Exception {
        return ended(start(args));
    }

    private static Process start(String... args) throws IOException {
        List<String> command = java();
        command.addAll(List.of(args));
        return new ProcessBuilder(command).start();
    }

    private static List<String> java() {
        return new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(), "-jar", System.getProperty("mnist20k.jar")));
    }

    /// Reads both streams, which are short enough for their pipes.
    private static Typed ended(Process process) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Typed(process.waitFor(), out, err);
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).start().waitFor();
    }
}
