package io.mnist20k.data;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DownloadTest {
    private static final String NAME = "train-images-idx3-ubyte";
    private static final byte[] PLAIN = MadeUpDigits.images(MadeUpDigits.of(101, 1));
    private static final byte[] PACKED = MadeUpDigits.gzip(PLAIN);

    /// More than any answer takes on a loaded machine.
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path parent;

    private Path folder;
    private MnistFile file;
    private MirrorServer server;

    @BeforeEach
    void start() throws IOException {
        folder = parent.resolve("new/cache");
        String sha256 = IdxFile.read(new ByteArrayInputStream(PLAIN), PLAIN.length, IdxFile.Kind.IMAGES)
                .sha256();
        file = new MnistFile(NAME, IdxFile.Kind.IMAGES, PLAIN.length, sha256);
        server = new MirrorServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static Download from(URI... mirrors) {
        return from(PATIENCE, mirrors);
    }

    private static Download from(Duration patience, URI... mirrors) {
        return new Download(List.of(mirrors), PATIENCE, patience, (_, _) -> {});
    }

    private String failure(URI... mirrors) {
        return failure(PATIENCE, mirrors);
    }

    private String failure(Duration patience, URI... mirrors) {
        return assertThrows(UserError.class, () -> from(patience, mirrors).fetch(file, folder, "is missing"))
                .getMessage();
    }

    private void assertFolderHolds(String... names) throws IOException {
        try (var files = Files.list(folder)) {
            assertEquals(
                    List.of(names),
                    files.map(path -> path.getFileName().toString()).sorted().toList());
        }
    }

    private void assertFetchedFrom(URI... mirrors) throws IOException {
        IdxFile fetched = from(mirrors).fetch(file, folder, "is missing");
        assertEquals(101, fetched.count());
        assertArrayEquals(PLAIN, Files.readAllBytes(folder.resolve(NAME)));
        assertFolderHolds(".lock", NAME);
    }

    @Test
    void theFirstMirrorThatWorksIsTheLastAsked() throws IOException {
        assertFetchedFrom(server.giving("good", PACKED), server.giving("spare", PACKED));
        assertEquals(List.of("/good/" + NAME + ".gz"), server.requests());
    }

    @Test
    void aMirrorMayUnpackWhatItSends() throws IOException {
        assertFetchedFrom(server.giving("unpacking", PLAIN));
    }

    @Test
    void aRedirectIsFollowed() throws IOException {
        URI good = server.giving("good", PACKED);
        assertFetchedFrom(server.mirror("moved", exchange -> {
            exchange.getResponseHeaders()
                    .set("Location", good.resolve(NAME + ".gz").toString());
            exchange.sendResponseHeaders(302, -1);
        }));
    }

    @Test
    void everyBadMirrorIsPassedOver() throws IOException {
        byte[] damaged = PACKED.clone();
        damaged[PACKED.length / 2] ^= 0x10;
        assertFetchedFrom(
                MirrorServer.refusing(),
                server.answering("missing", 404),
                server.answering("broken", 500),
                server.giving("damaged", damaged),
                server.giving("other", MadeUpDigits.gzip(MadeUpDigits.images(MadeUpDigits.of(101, 2)))),
                server.giving("page", "<html>sign in to the network</html>".getBytes(StandardCharsets.US_ASCII)),
                server.truncating("truncating", PACKED),
                server.endless("endless"),
                server.giving("good", PACKED));
        assertEquals(8, server.requests().size());
    }

    /// Whether the last one answers in so short a time does not matter: it is asked.
    @Test
    void aMirrorThatStallsOrIsSilentIsNotWaitedForLong() throws IOException {
        String sentence = failure(
                Duration.ofSeconds(1),
                server.stalling("stalling", PACKED),
                server.silent("silent"),
                server.answering("missing", 404));
        assertSays(sentence, "/stalling/ (stalled after ", "/silent/ (no answer in time)", "/missing/ (");
        assertFalse(Files.exists(folder), "nothing came to it");
    }

    @Test
    void theFinalSentenceNamesEveryMirrorItsReasonAndTheRemedy() throws IOException {
        URI refusing = MirrorServer.refusing();
        URI unknown = URI.create("http://mirror.invalid/");
        String sentence = failure(
                refusing,
                unknown,
                server.answering("missing", 404),
                server.giving("other", MadeUpDigits.gzip(MadeUpDigits.images(MadeUpDigits.of(101, 2)))),
                server.truncating("truncating", PACKED),
                server.endless("endless"));
        assertSays(sentence, folder.resolve(NAME) + " is missing", "--data", "make data");
        assertSays(sentence, refusing + " (connection refused)", unknown + " (host name not found)");
        assertSays(sentence, "/missing/ (HTTP status 404)", "/other/ (SHA-256 is ", file.sha256());
        assertSays(sentence, "/truncating/ (", "/endless/ (more than the " + PLAIN.length);
        assertFalse(Files.exists(folder.getParent()), "folders that nothing came to were left");
    }

    @Test
    void whatAKilledProcessLeftGoesWithTheNext() throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("." + NAME + ".part"), new byte[2 * PLAIN.length]);
        assertFetchedFrom(server.giving("good", PACKED));
    }

    @Test
    void aFileThatFailsToComeLeavesTheOldOneAlone() throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(NAME), "old");
        failure(server.truncating("truncating", PACKED));
        assertEquals("old", Files.readString(folder.resolve(NAME)));
        assertFolderHolds(NAME);
        assertFetchedFrom(server.giving("good", PACKED));
    }

    @Test
    void aFolderThatCannotBeMadeIsNamedBeforeAnythingIsFetched() throws IOException {
        Files.writeString(parent.resolve("new"), "a file");
        assertSays(failure(server.giving("good", PACKED)), NAME, folder.toString(), "--data");
        assertEquals(List.of(), server.requests());
    }

    @Test
    void aFileIsToldWheneverAMirrorBeginsToGiveIt() {
        byte[] other = MadeUpDigits.gzip(MadeUpDigits.images(MadeUpDigits.of(101, 2)));
        List<String> told = new ArrayList<>();
        new Download(
                        List.of(
                                server.answering("missing", 404),
                                server.giving("other", other),
                                server.giving("good", PACKED)),
                        PATIENCE,
                        PATIENCE,
                        (name, bytes) -> told.add(name + " " + bytes))
                .fetch(file, folder, "is missing");
        assertEquals(List.of(NAME + " " + other.length, NAME + " " + PACKED.length), told);
    }

    @Test
    void fourAtOnceLeaveOneWholeFile() throws IOException, InterruptedException, ExecutionException {
        Download download = from(server.giving("good", PACKED));
        Callable<IdxFile> fetch = () -> download.fetch(file, folder, "is missing");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<IdxFile> fetched : threads.invokeAll(List.of(fetch, fetch, fetch, fetch))) {
                assertEquals(file.sha256(), fetched.get().sha256());
            }
        }
        assertArrayEquals(PLAIN, Files.readAllBytes(folder.resolve(NAME)));
        assertFolderHolds(".lock", NAME);
    }

    @Test
    void anInterruptEndsTheDownloadWithASentence() throws InterruptedException {
        List<UserError> errors = new ArrayList<>();
        Thread fetching = Thread.ofPlatform()
                .start(() -> errors.add(assertThrows(
                        UserError.class,
                        () -> from(Duration.ofMinutes(5), server.silent("silent"))
                                .fetch(file, folder, "is missing"))));
        while (server.requests().isEmpty()) {
            Thread.sleep(10);
        }
        fetching.interrupt();
        fetching.join();
        assertSays(errors.getFirst().getMessage(), NAME, "interrupted");
    }
}
