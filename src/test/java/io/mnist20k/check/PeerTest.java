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
    private static final Duration SHORT = Duration.ofSeconds(3);

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
        Path child = folder.resolve("child");
        ProcessHandle started;
        try (Peer peer = peer("sleep 1000 & echo $! > '" + child + "'; echo 1; wait", SHORT)) {
            peer.answer();
            started = ProcessHandle.of(Long.parseLong(Files.readString(child).strip()))
                    .orElseThrow();
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
        Path child = folder.resolve("child");
        long start = System.nanoTime();
        try (Peer peer = peer("sleep 1000 & echo $! > '" + child + "'; echo 1; read question; exit", SHORT)) {
            peer.answer();
            assertThrows(Part.Failed.class, () -> peer.ask("eager"));
        }
        ProcessHandle.of(Long.parseLong(Files.readString(child).strip())).ifPresent(ProcessHandle::destroyForcibly);
        assertTrue(System.nanoTime() - start < LONG.toNanos());
    }

    @Test
    void whatIsNoJsonIsNoAnswer() throws Exception {
        try (Peer peer = peer("echo 'Segmentation fault'", LONG)) {
            String reason = assertThrows(Part.Failed.class, peer::answer).getMessage();
            assertTrue(reason.contains("cannot be read"), reason);
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
        return new Peer(List.of("sh", "-c", script), folder.resolve("peers.err"), patience);
    }
}
