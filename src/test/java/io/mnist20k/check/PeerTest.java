package io.mnist20k.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PeerTest {
    private static final Duration LONG = Duration.ofSeconds(50);
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir
    private Path folder;

    @Test
    void answersWhatItIsAsked() throws Exception {
        try (Peer peer = peer("echo 1; while read question; do echo \"\\\"$question\\\"\"; done", LONG)) {
            assertEquals(1, peer.answer().intValue());
            assertEquals("eager", peer.ask("eager").stringValue());
            assertEquals("graphs", peer.ask("graphs").stringValue());
        }
    }

    @Test
    void silenceEndsAndSoDoesAllThatTheProcessStarted() throws Exception {
        ProcessHandle started;
        try (Peer peer = peer("sleep 1000 & echo $! > new; mv new started; wait", SHORT)) {
            started = started();
            assertTrue(started.isAlive());
            String reason =
                    assertThrows(Part.Failed.class, () -> peer.ask("eager")).getMessage();
            assertTrue(reason.contains("did not answer"), reason);
            assertTrue(reason.contains("peers.err"), reason);
        }
        started.onExit().get(10, TimeUnit.SECONDS);
    }

    /// What it started and left alone holds its output open.
    @Test
    void aChildThatIsLeftBehindIsNotWaitedFor() throws Exception {
        ProcessHandle started;
        try (Peer peer = peer("sleep 1000 & echo $! > new; mv new started; read question", SHORT)) {
            started = started();
            ProcessHandle script = started.parent().orElseThrow();
            assertThrows(Part.Failed.class, () -> peer.ask("eager"));
            script.onExit().get(10, TimeUnit.SECONDS);
        }
        assertTrue(started.isAlive());
        started.destroyForcibly();
    }

    /// What the script started, once it has said so in a file: its patience is too short to wait for its words.
    private ProcessHandle started() throws Exception {
        Path started = folder.resolve("started");
        while (!Files.exists(started)) {
            Thread.sleep(5);
        }
        return ProcessHandle.of(Long.parseLong(Files.readString(started).strip()))
                .orElseThrow();
    }

    @Test
    void whatIsNoJsonIsNoAnswer() throws Exception {
        try (Peer peer = peer("echo 'Segmentation fault'", LONG)) {
            String reason = assertThrows(Part.Failed.class, peer::answer).getMessage();
            assertTrue(reason.contains("unreadable answer"), reason);
        }
    }

    @Test
    void anEndIsNoAnswer() throws Exception {
        try (Peer peer = peer("echo 1; read question; echo no more >&2", LONG)) {
            peer.answer();
            String reason =
                    assertThrows(Part.Failed.class, () -> peer.ask("eager")).getMessage();
            assertTrue(reason.contains("ended too early"), reason);
        }
        assertEquals("no more", Files.readString(folder.resolve("peers.err")).strip());
    }

    private Peer peer(String script, Duration patience) throws Exception {
        return new Peer(List.of("sh", "-c", "cd '" + folder + "'; " + script), folder.resolve("peers.err"), patience);
    }
}
