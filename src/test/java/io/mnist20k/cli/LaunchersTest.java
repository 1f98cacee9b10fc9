package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

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

    private static Set<String> flags(String launcher) {
        return FLAG.matcher(launcher.substring(launcher.indexOf("\nexec ")))
                .results()
                .map(MatchResult::group)
                .map(flag -> flag.replace(' ', '='))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
