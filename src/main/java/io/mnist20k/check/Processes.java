package io.mnist20k.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Starts this program again, and others. What they print is kept, in a file for each.
///
/// @param out  where those files go
/// @param jar  this program
/// @param path the folders that other programs are looked for in, as in PATH
record Processes(Path out, Path jar, String path) {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final JsonMapper JSON = JsonMapper.shared();

    Processes(Path out, Path jar) {
        this(out, jar, System.getenv().getOrDefault("PATH", ""));
    }

    /// What a process came to.
    ///
    /// @param output   its standard output
    /// @param messages its standard error
    record Ended(int exitCode, String output, String messages) {
        JsonNode json() {
            return JSON.readTree(output);
        }

        /// The last line that says something; of a stack trace the first.
        String lastWords() {
            return Stream.of(messages, output)
                    .flatMap(String::lines)
                    .filter(line -> !line.isBlank() && !line.startsWith("\tat "))
                    .filter(line -> !line.startsWith("WARNING: Using incubator"))
                    .reduce((_, last) -> last)
                    .orElse("it printed nothing");
        }
    }

    /// The JVM that this one is, with the flags that the program needs.
    List<String> java(String... more) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        String libraries = System.getProperty("mnist20k.cuda.libraries");
        if (libraries != null) {
            command.add("-Dmnist20k.cuda.libraries=" + libraries);
        }
        command.addAll(List.of(more));
        return command;
    }

    /// Runs a command of this program.
    ///
    /// @param log the name of the files that keep what it prints
    /// @throws Part.Failed where it does not end with 0
    Ended program(String log, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = java("-jar", jar.toString());
        command.addAll(arguments);
        Ended ended = run(log, command);
        if (ended.exitCode != 0) {
            throw new Part.Failed(
                    "mnist20k " + String.join(" ", arguments) + " ended with " + ended.exitCode + ": "
                            + ended.lastWords(),
                    Map.of());
        }
        return ended;
    }

    /// @throws Part.Failed where it does not end in time
    Ended run(String log, List<String> command) throws IOException, InterruptedException {
        return runWithin(PATIENCE, log, command)
                .orElseThrow(() -> new Part.Failed(
                        command.getFirst() + " did not end within " + PATIENCE.toMinutes() + " minutes; see "
                                + out.resolve(log + ".err"),
                        Map.of()));
    }

    /// @return nothing where it did not end in time
    Optional<Ended> runWithin(Duration patience, String log, List<String> command)
            throws IOException, InterruptedException {
        Path output = out.resolve(log + ".out");
        Path messages = out.resolve(log + ".err");
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(messages.toFile())
                .start();
        return endsWithin(patience, process)
                ? Optional.of(new Ended(process.exitValue(), Files.readString(output), Files.readString(messages)))
                : Optional.empty();
    }

    /// Waits for a process, and ends what is left of it and of all that it started.
    ///
    /// @return whether it ended by itself
    static boolean endsWithin(Duration patience, Process process) throws InterruptedException {
        try {
            return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            end(process);
        }
    }

    /// Ends a process with all that it started, and waits, within reason, until they have let go of the GPU.
    static void end(Process process) {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        CompletableFuture<?>[] ends = all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(ends)
                .completeOnTimeout(null, GRACE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /// Where the PATH, or one of the folders that NVIDIA's tools are installed in, has a program.
    Optional<Path> find(String program) {
        return Stream.concat(Stream.of(path.split(":")), Stream.of("/usr/local/cuda/bin", "/opt/cuda/bin"))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
