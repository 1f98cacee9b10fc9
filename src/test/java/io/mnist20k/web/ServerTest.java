package io.mnist20k.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mnist20k.Sentence;
import io.mnist20k.UserError;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.engine.CountedSessions;
import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.model.TinyModel;
import io.mnist20k.predict.Pictures;
import io.mnist20k.predict.Prediction;
import io.mnist20k.predict.Predictor;
import io.mnist20k.train.RunDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ServerTest {
    /// Of a server whose clients wait as long as they must, however slow this machine is.
    private static final Duration PATIENCE = Duration.ofHours(1);

    private static final String LINE = "{\"epoch\":1,\"validationAccuracy\":0.5}";

    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    private Path path = Path.of("");

    private final CountedSessions engine = new CountedSessions();

    @SuppressWarnings("NullAway.Init") // set before each test
    private Server server;

    @BeforeEach
    void serve() {
        path = folder.resolve("model.safetensors");
        TinyModel.model().write(path);
        server = new Server(path, engine, 0, PATIENCE);
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void thePageNeedsNothingFromElsewhere() throws Exception {
        HttpResponse<String> page = get("");
        assertEquals(200, page.statusCode());
        assertHeaders("text/html; charset=utf-8", page);
        assertTrue(page.body().startsWith("<!DOCTYPE html>"));
        String elsewhere = page.body().replace("http://www.w3.org/2000/svg", "");
        assertTrue(!elsewhere.contains("http://") && !elsewhere.contains("https://"), "an address in the page");
    }

    /// All but when it was sent and how long it is.
    private static void assertHeaders(String type, HttpResponse<String> response) {
        var headers = new TreeMap<String, List<String>>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(response.headers().map());
        headers.keySet().removeAll(List.of("Date", "Content-Length"));
        assertEquals(
                Map.of(
                        "Content-Type", List.of(type),
                        "Content-Security-Policy",
                                List.of("default-src 'none'; connect-src 'self'; img-src 'self' blob: data:;"
                                        + " script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none';"
                                        + " form-action 'none'; frame-ancestors 'none'"),
                        "X-Content-Type-Options", List.of("nosniff"),
                        "Cache-Control", List.of("no-store")),
                headers);
    }

    @Test
    void otherMachinesCannotConnect() throws Exception {
        List<InetAddress> others = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress())
                .toList();
        assumeFalse(others.isEmpty(), "this machine has no address that others could connect to");
        int port = server.address().getPort();
        for (InetAddress address : others) {
            try (var socket = new Socket()) {
                assertThrows(
                        IOException.class,
                        () -> socket.connect(new InetSocketAddress(address, port), 5000),
                        address.toString());
            }
        }
    }

    @Test
    void aPictureGetsTheModelsAnswer() throws Exception {
        byte[] pixels = MadeUpDigits.of(1, 5).pixels();
        HttpResponse<String> response = post(Pictures.png(pixels));
        assertEquals(200, response.statusCode(), response.body());
        JsonNode answer = json(response);
        assertEquals(List.of("digit", "probability", "probabilities", "pixels"), List.copyOf(answer.propertyNames()));
        byte[] seen = new byte[784];
        for (int i = 0; i < 784; i++) {
            seen[i] = (byte) answer.get("pixels").get(i).intValue();
        }
        try (var predictor = new Predictor(TinyModel.model(), new ReferenceEngine())) {
            assertArrayEquals(predictor.seen(pixels), seen);
            Prediction expected = predictor.predict(List.of(pixels)).getFirst();
            assertEquals(expected.digit(), answer.get("digit").intValue());
            assertEquals(expected.probability(), answer.get("probability").doubleValue());
        }
    }

    @Test
    void whatIsNoPictureGetsASentence() throws Exception {
        HttpResponse<String> response = post("7".getBytes(StandardCharsets.US_ASCII));
        assertEquals(422, response.statusCode());
        assertTrue(json(response).get("error").stringValue().contains("neither a PNG nor a JPEG"), response.body());
        assertEquals(422, post(new byte[16 << 20]).statusCode());
        assertEquals(413, post(new byte[(16 << 20) + 1]).statusCode());
    }

    /// What nobody reads resets the connection under who sends it.
    @Test
    void whoSendsAllBeforeReadingGetsTheSentenceToo() throws Exception {
        int length = 48 << 20;
        try (Socket socket = connected()) {
            String head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length;
            socket.getOutputStream().write((head + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(new byte[length]);
            String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            assertEquals("HTTP/1.1 413", answer);
        }
    }

    @Test
    void aDeviceThatFailedIsOpenedAnew() throws Exception {
        byte[] picture = Pictures.png(MadeUpDigits.of(1, 5).pixels());
        engine.failOnce(new IllegalStateException("as told"));
        HttpResponse<String> failure = post(picture);
        assertEquals(500, failure.statusCode());
        assertTrue(json(failure).get("error").stringValue().endsWith("as told; try again"), failure.body());
        assertEquals(1, engine.closed());
        assertEquals(200, get("model").statusCode());
        Files.delete(path); // it was read once
        assertEquals(200, post(picture).statusCode());
        assertEquals(200, post(picture).statusCode());
        assertEquals(2, engine.opened());
    }

    @Test
    void aFullMemoryCostsNoModel() throws Exception {
        byte[] picture = Pictures.png(MadeUpDigits.of(1, 5).pixels());
        Files.delete(path);
        engine.failOnce(new OutOfMemoryError("as told"));
        HttpResponse<String> failure = post(picture);
        assertEquals(500, failure.statusCode());
        assertTrue(json(failure).get("error").stringValue().contains("memory is full"), failure.body());
        assertEquals(200, post(picture).statusCode());
    }

    @Test
    void whatTheNetworkSawIsUprightWhereTheRecipeDeskews() throws Exception {
        assertTrue(TinyModel.model().recipe().deskew());
        byte[] slanted = new byte[784];
        for (int row = 4; row < 24; row++) {
            slanted[row * 28 + 20 - row / 2] = (byte) 255;
        }
        JsonNode pixels = json(post(Pictures.png(slanted))).get("pixels");
        byte[] upright = new Dataset(slanted, new byte[1]).deskewed().pixels();
        assertFalse(Arrays.equals(slanted, upright));
        for (int i = 0; i < 784; i++) {
            assertEquals(upright[i] & 0xFF, pixels.get(i).intValue(), "pixel " + i);
        }
    }

    @Test
    void aFormGetsASentence() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(server.address().resolve("predict"))
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(BodyPublishers.ofString("--x--"))
                .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        assertEquals(415, response.statusCode());
        assertTrue(json(response).get("error").stringValue().contains("--data-binary"), response.body());
    }

    @Test
    void aPortThatThereCannotBeOpensNothing() {
        assertThrows(IllegalArgumentException.class, () -> new Server(path, engine, 70_000).close());
        assertEquals(1, engine.opened(), "the one of this test");
    }

    @Test
    void theModelSaysWhatItIs() throws Exception {
        HttpResponse<String> response = get("model");
        assertHeaders("application/json", response);
        JsonNode answer = json(response);
        assertEquals(List.of("recipe", "parameters"), List.copyOf(answer.propertyNames()));
        assertEquals(TinyModel.model().recipe().name(), answer.get("recipe").stringValue());
        assertEquals(
                TinyModel.model().parameters().length, answer.get("parameters").intValue());
    }

    @Test
    void curvesThatCannotBeReadGetASentence() throws Exception {
        Path unreadable = Path.of("/proc/self/mem"); // even for root: nothing is mapped where it begins
        assumeTrue(Files.exists(unreadable), "this system has no " + unreadable);
        Files.createSymbolicLink(folder.resolve("metrics.jsonl"), unreadable);
        HttpResponse<String> response = get("metrics");
        assertEquals(422, response.statusCode());
        assertTrue(json(response).get("error").stringValue().contains("metrics.jsonl: "), response.body());
    }

    @Test
    void aClosedServerOpensNothingAgain() {
        server.close(); // and then a request that has waited gets its turn
        Sentence.assertSays(assertThrows(UserError.class, () -> server.served.answer(new byte[28 * 28])), "closed");
        assertEquals(1, engine.opened());
        assertEquals(1, engine.closed());
        assertThrows(ConnectException.class, this::connected);
    }

    @Test
    void curvesGrowWithTheRun() throws Exception {
        assertEquals("{\"epochs\":[]}", get("metrics").body());
        Path metrics = folder.resolve("metrics.jsonl");
        Files.writeString(metrics, LINE + "\n{\"epoch\":2,\"vali");
        assertEquals("{\"epochs\":[" + LINE + "]}", get("metrics").body());
        Files.write(metrics, (LINE + "\n\n{\"\u00c3").getBytes(StandardCharsets.ISO_8859_1));
        assertEquals("{\"epochs\":[" + LINE + "]}", get("metrics").body());
        Files.writeString(metrics, LINE + "\n" + LINE + "\n");
        assertEquals(2, json(get("metrics")).get("epochs").size());
    }

    @Test
    void aRunThatGoesOnHasCurvesUntilItsModelIsThere() throws Exception {
        server.close();
        Files.delete(path);
        try (var run = RunDirectory.create(folder)) {
            Files.writeString(run.path().resolve("metrics.jsonl"), LINE + "\n");
            server = new Server(path, engine, 0);
            assertEquals(1, json(get("metrics")).get("epochs").size());
            HttpResponse<String> without = get("model");
            assertEquals(422, without.statusCode());
            assertTrue(without.body().contains("wait until the run is over"), without.body());
        }
        HttpResponse<String> ended = get("model");
        assertEquals(422, ended.statusCode());
        assertTrue(ended.body().contains("log.txt") && ended.body().contains("--resume " + folder), ended.body());
        TinyModel.model().write(path);
        assertEquals(200, get("model").statusCode());
        assertEquals(200, post(Pictures.png(MadeUpDigits.of(1, 5).pixels())).statusCode());
    }

    @ParameterizedTest
    @CsvSource({
        "GET, predict, 405, POST",
        "HEAD, predict, 405, POST",
        "POST, model, 405, 'GET, HEAD'",
        "DELETE, '', 405, 'GET, HEAD'",
        "GET, etc/passwd, 404, ''"
    })
    void otherRequestsAreRefused(String method, String where, int status, String allowed) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(server.address().resolve(where))
                .method(method, BodyPublishers.noBody())
                .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        assertEquals(status, response.statusCode());
        assertEquals(allowed, response.headers().firstValue("Allow").orElse(""));
    }

    @Test
    void headHasNoBody() throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(server.address().resolve("model")).HEAD().build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        assertEquals(200, response.statusCode());
        assertEquals("", response.body());
    }

    /// As a page of another site asks, by a name that leads here or from where it is; and as ports are forwarded.
    @ParameterizedTest
    @CsvSource({
        "GET, example.org, '', 403",
        "GET, 127.0.0.1.example.org, '', 403",
        "GET, LOCALHOST, '', 200",
        "GET, 127.0.0.1:9, '', 200",
        "GET, 127.0.0.1, http://example.org, 403",
        "GET, localhost:9, http://localhost:9, 200"
    })
    void onlyItsOwnPageIsAnswered(String method, String host, String origin, int status) throws Exception {
        assertTrue(raw(method + " /model HTTP/1.1\r\nHost: " + host + "\r\n"
                        + (origin.isEmpty() ? "" : "Origin: " + origin + "\r\n") + "Connection: close\r\n\r\n")
                .startsWith("HTTP/1.1 " + status));
    }

    private String raw(String request) throws IOException {
        try (Socket socket = connected();
                InputStream in = socket.getInputStream()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Socket connected() throws IOException {
        URI address = server.address();
        return new Socket(address.getHost(), address.getPort());
    }

    @Test
    void nobodyWaitsForAStuckClient() throws Exception {
        try (Socket half = connected();
                Socket bodiless = connected()) {
            half.getOutputStream().write("GE".getBytes(StandardCharsets.US_ASCII));
            bodiless.getOutputStream()
                    .write("POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertEquals(200, get("model").statusCode());
        }
    }

    /// Who sends one of the largest may take its time, and a drawing does not wait for it.
    @Test
    @Timeout(60) // what is never given back would be waited for
    void largePicturesWaitForTheMemoryOfOthers() throws Exception {
        int free = server.uploads.availablePermits();
        CompletableFuture<HttpResponse<String>> answer;
        var stuck = new ArrayList<Socket>();
        try {
            for (int i = 0; i < Server.LARGEST_AT_ONCE; i++) {
                stuck.add(connected());
                stuck.getLast()
                        .getOutputStream()
                        .write("POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16777216\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
            }
            while (server.uploads.availablePermits() > 0) {
                Thread.sleep(1); // until all are in
            }
            answer = client.sendAsync(
                    HttpRequest.newBuilder(server.address().resolve("predict"))
                            .POST(BodyPublishers.ofByteArray(new byte[1 << 20]))
                            .build(),
                    BodyHandlers.ofString());
            var pending = answer;
            assertThrows(TimeoutException.class, () -> pending.get(500, TimeUnit.MILLISECONDS));
            assertEquals(200, post(Pictures.png(MadeUpDigits.of(1, 5).pixels())).statusCode());
            assertEquals(422, post(new byte[0]).statusCode());
        } finally {
            for (Socket each : stuck) {
                each.close();
            }
        }
        assertEquals(422, answer.get().statusCode(), answer.get().body());
        while (server.uploads.availablePermits() < free) {
            Thread.sleep(1); // until the last one's is back
        }
        assertEquals(free, server.uploads.availablePermits());
    }

    @Test
    void whoHasWaitedTooLongForMemoryMayTryAgain() throws Exception {
        server.close();
        server = new Server(path, engine, 0, Duration.ZERO);
        int all = server.uploads.drainPermits();
        byte[] large = new byte[(64 << 10) + 1];
        HttpResponse<String> response = post(large);
        assertEquals(503, response.statusCode());
        assertHeaders("application/json", response);
        assertTrue(json(response).get("error").stringValue().contains("fill the memory"), response.body());
        server.uploads.release(all);
        assertEquals(422, post(large).statusCode());
    }

    @Test
    void manyAtOnceAreAnsweredOneByOne() throws Exception {
        byte[] picture = Pictures.png(MadeUpDigits.of(1, 5).pixels());
        String expected = post(picture).body();
        HttpRequest request = HttpRequest.newBuilder(server.address().resolve("predict"))
                .POST(BodyPublishers.ofByteArray(picture))
                .build();
        List<CompletableFuture<HttpResponse<String>>> answers = Stream.generate(
                        () -> client.sendAsync(request, BodyHandlers.ofString()))
                .limit(20)
                .toList();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            assertEquals(expected, answer.get().body());
        }
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        int port = server.address().getPort();
        Sentence.assertSays(
                assertThrows(UserError.class, () -> new Server(path, engine, port).close()),
                Integer.toString(port),
                "--port 0");
        assertEquals(2, engine.opened());
        assertEquals(1, engine.closed());
    }

    @Test
    void withoutModelAndRunThereIsNothingToServe() {
        Path none = folder.resolve("none").resolve("model.safetensors");
        Sentence.assertSays(
                assertThrows(UserError.class, () -> new Server(none, engine, 0).close()),
                none.toString(),
                "no such file");
    }

    private HttpResponse<String> get(String where) throws Exception {
        return client.send(
                HttpRequest.newBuilder(server.address().resolve(where)).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(byte[] body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(server.address().resolve("predict"))
                        .POST(BodyPublishers.ofByteArray(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> response) {
        return JsonMapper.shared().readTree(response.body());
    }
}
