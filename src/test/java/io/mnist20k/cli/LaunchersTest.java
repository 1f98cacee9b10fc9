package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launchers find a Java and give it the flags that the jar alone gives itself. Their Javas here are scripts that
/// print what they were given.
final class LaunchersTest {
    private static final Path JDK = Path.of("src/main/sh/jdk.sh").toAbsolutePath();

    @TempDir
    Path folder;

    /// As the scripts name it, where temporary files are behind a link.
    @BeforeEach
    void followLinks() throws IOException {
        folder = folder.toRealPath();
    }

    @Test
    void bothLaunchersAndTheJarAloneGiveJavaTheSameFlags() throws Exception {
        List<String> again = new ArrayList<>(Restart.command(new String[] {"train", "a b"}));
        List<String> given = ManagementFactory.getRuntimeMXBean().getInputArguments();
        int from = Collections.indexOfSubList(again, given);
        again.subList(from, from + given.size()).clear();
        List<String> flags = again.subList(1, again.indexOf("-cp")).stream()
                .filter(flag -> !flag.startsWith("-Dmnist20k."))
                .sorted()
                .toList();
        assertTrue(flags.size() > 5, flags.toString());
        for (boolean packed : new boolean[] {false, true}) {
            Path program = folder.resolve(packed ? "archive" : "checkout");
            Path launcher = launcher(program, packed);
            Path java = java(packed ? program.resolve("runtime") : folder.resolve("java"), "25.0.1");
            Path jar = Files.createDirectories(program.resolve(packed ? "lib" : "target"))
                    .resolve("mnist20k.jar");
            Files.createFile(jar);
            Ended ended = run(Map.of("JAVA_HOME", java.toString()), launcher.toString(), "train", "a b");
            assertEquals(0, ended.exitCode(), ended.toString());
            List<String> arguments = ended.out()
                    .replace("--add-modules\n", "--add-modules=")
                    .lines()
                    .toList();
            int jarFlag = arguments.indexOf("-jar");
            assertEquals(flags, arguments.subList(0, jarFlag).stream().sorted().toList());
            assertEquals(List.of("-jar", jar.toString(), "train", "a b"), arguments.subList(jarFlag, arguments.size()));
        }
    }

    @Test
    void aProgramThatIsNotBuiltSaysHowToBuildIt() throws Exception {
        Path program = folder.resolve("a checkout");
        Ended ended = run(Map.of(), launcher(program, false).toString(), "train");
        assertEquals(1, ended.exitCode(), ended.toString());
        assertTrue(ended.out().startsWith("mnist20k: " + program), ended.out());
        assertTrue(ended.out().contains(" is not built yet; run: make -C "), ended.out());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWorkingFolderThatIsGoneIsSaidToBe(boolean packed) throws Exception {
        Path program = folder.resolve("program");
        Path launcher = launcher(program, packed);
        Files.createFile(Files.createDirectories(program.resolve("target")).resolve("mnist20k.jar"));
        Path gone = Files.createDirectory(folder.resolve("gone"));
        Ended ended = run(
                Map.of(),
                "sh",
                "-c",
                "cd \"$1\" && rmdir \"$1\" && exec \"$2\" summary",
                "sh",
                gone.toString(),
                launcher.toString());
        assertEquals(1, ended.exitCode(), ended.toString());
        assertTrue(ended.out().contains("mnist20k: the working folder is gone; start it in another.\n"), ended.out());
    }

    /// In a folder of its own, with the scripts that it starts.
    private static Path launcher(Path program, boolean packed) throws IOException {
        Path launcher = program.resolve(packed ? "bin/mnist20k" : "mnist20k");
        Path source = Path.of(packed ? "src/main/dist/bin/mnist20k" : "mnist20k");
        Files.createDirectories(launcher.getParent());
        Files.copy(source, launcher, StandardCopyOption.COPY_ATTRIBUTES);
        Path jdk = program.resolve("src/main/sh/jdk.sh");
        Files.createDirectories(jdk.getParent());
        Files.copy(JDK, jdk, StandardCopyOption.COPY_ATTRIBUTES);
        return launcher;
    }

    /// The one on the PATH is as good as the one that is named, which comes first.
    @ParameterizedTest
    @CsvSource({"25.0.1, 25, named", "26, 25, named", "24.0.2, 25, path", "1.8.0_462, 26, path", "'', 25, path"})
    void theNamedJavaGoesBeforeTheOneOnThePath(String named, String onPath, String taken) throws Exception {
        Path home = named.isEmpty() ? folder.resolve("none") : java(folder.resolve("named"), named);
        Path other = java(folder.resolve("path"), onPath);
        var environment = Map.of(
                "JAVA_HOME",
                home.toString(),
                "PATH",
                other.resolve("bin") + File.pathSeparator + System.getenv("PATH"));
        assertEquals(
                folder.resolve(taken).toString(),
                run(environment, JDK.toString()).out().strip());
    }

    @Test
    void whatBuildsNeedsACompiler() throws Exception {
        Path runtime = java(folder.resolve("runtime"), "25");
        Path jdk = java(folder.resolve("jdk"), "25");
        script(jdk.resolve("bin/javac"), "exit 0");
        var environment = Map.of(
                "JAVA_HOME",
                runtime.toString(),
                "PATH",
                jdk.resolve("bin") + File.pathSeparator + System.getenv("PATH"));
        assertEquals(
                jdk.toString(), run(environment, JDK.toString(), "javac").out().strip());
    }

    /// Of those that are installed, this machine's among them, none is newer than 99.
    @ParameterizedTest
    @CsvSource({"99 25, 25", "99 24 25 98, 25", "99 24 26, 2[56]", "24 99 25.0.1, 25"})
    void java25ItselfGoesBeforeNewerOnes(String installed, String taken) throws Exception {
        int place = 0;
        for (String version : installed.split(" ", -1)) {
            java(folder.resolve(".jdks/" + place++), version);
        }
        String home = run(Map.of("HOME", folder.toString(), "PATH", tools().toString()), JDK.toString())
                .out()
                .strip();
        String release = Files.readString(Path.of(home, "release"));
        assertTrue(
                Pattern.compile("^JAVA_VERSION=\"" + taken + "\\b", Pattern.MULTILINE)
                        .matcher(release)
                        .find(),
                home);
    }

    /// A shell that may open four files has none left for what a command prints.
    @ParameterizedTest
    @ValueSource(strings = {"mnist20k", "src/main/dist/bin/mnist20k"})
    void aLauncherThatMayOpenTooFewFilesBlamesNothingElse(String launcher) throws Exception {
        Process process = new ProcessBuilder(
                        tool("bash").toString(),
                        "-c",
                        "ulimit -n 4; exec \"$0\"",
                        Path.of(launcher).toAbsolutePath().toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertNotEquals(0, process.waitFor(), said);
        assertTrue(said.lines().noneMatch(line -> line.startsWith("mnist20k: ")), said);
    }

    /// Where the `PATH` has no Java, only tools, and none is named.
    @Test
    void theJavaOfTheFolderIsNotTaken() throws Exception {
        java(folder, "25");
        String home =
                run(Map.of("PATH", tools().toString()), JDK.toString()).out().strip();
        assertTrue(home.startsWith("/") || home.startsWith("mnist20k needs a JDK 25, "), home);
    }

    /// A folder that looks like a Java of that version.
    private static Path java(Path home, String version) throws IOException {
        script(home.resolve("bin/java"), "printf '%s\\n' \"$@\"");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static void script(Path path, String line) throws IOException {
        Files.createDirectories(path.getParent());
        assertTrue(Files.writeString(path, "#!/bin/sh\n" + line + "\n").toFile().setExecutable(true));
    }

    /// A folder for a `PATH` without a Java.
    private Path tools() throws IOException {
        Path tools = Files.createDirectory(folder.resolve("tools"));
        for (String tool : List.of("bash", "readlink", "dirname", "sed")) {
            script(tools.resolve(tool), "exec '" + tool(tool) + "' \"$@\"");
        }
        return tools;
    }

    private static Path tool(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(place -> Path.of(place, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    /// @param out standard output and standard error
    private record Ended(int exitCode, String out) {}

    /// In the folder, with no Java named but by the environment.
    private Ended run(Map<String, String> environment, String... command) throws Exception {
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().remove("JAVA_HOME");
        builder.environment().putAll(environment);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), out);
    }
}
