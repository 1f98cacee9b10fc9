package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The program runs with the same flags whichever way it was started.
final class LaunchersTest {
    private static final Pattern FLAG = Pattern.compile("(?<=[\\s])(-X\\S+|--[a-z-]+[ =][A-Za-z.-]+)(?=\\s)");

    @Test
    void bothLaunchersAndTheJarAloneGiveJavaTheSameFlags() throws IOException {
        Set<String> flags = flags(Files.readString(Path.of("mnist20k")));
        assertTrue(flags.size() > 5, flags.toString());
        assertEquals(flags, flags(Files.readString(Path.of("src/main/dist/bin/mnist20k"))));
        List<String> again = Restart.command(new String[] {"train"});
        assertTrue(again.containsAll(flags), again + " lacks some of " + flags);
    }

    /// Where the `PATH` has no Java, only tools, and none is named.
    @Test
    void theJavaOfTheFolderIsNotTaken(@TempDir Path folder) throws Exception {
        Path java = Files.createDirectory(folder.resolve("bin")).resolve("java");
        assertTrue(Files.writeString(java, "#!/bin/sh\n").toFile().setExecutable(true));
        Files.writeString(folder.resolve("release"), "JAVA_VERSION=\"25\"\n");
        Path tools = Files.createDirectory(folder.resolve("tools"));
        for (String tool : List.of("readlink", "dirname", "sed")) {
            Files.createSymbolicLink(tools.resolve(tool), tool(tool));
        }
        var builder = new ProcessBuilder(
                        tool("bash").toString(),
                        Path.of("src/main/sh/jdk.sh").toAbsolutePath().toString())
                .directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().put("PATH", tools.toString());
        builder.environment().remove("JAVA_HOME");
        Process process = builder.start();
        String home = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertTrue(home.startsWith("/") || process.waitFor() != 0, home);
    }

    private static Path tool(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(place -> Path.of(place, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    private static Set<String> flags(String launcher) {
        return FLAG.matcher(launcher.substring(launcher.indexOf("\nexec ")))
                .results()
                .map(MatchResult::group)
                .map(flag -> flag.replace(' ', '='))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
