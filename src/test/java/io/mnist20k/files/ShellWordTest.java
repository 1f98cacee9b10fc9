package io.mnist20k.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ShellWordTest {
    @Test
    void whatNeedsNoQuotesHasNone() {
        assertEquals(
                "--set optimizer.lr=0.02 runs/hügel-1",
                ShellWord.join(List.of("--set", "optimizer.lr=0.02", "runs/hügel-1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sp ace/r 2", "it's", "$HOME", "a;b", "*", "~", "a\\b", "\"", "#", "!", "a\nb"})
    void aShellReadsTheWordBack(String word) throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "printf %s " + ShellWord.of(word)).start();
        assertEquals(word, new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
}
