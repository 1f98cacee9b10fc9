package io.mnist20k.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.mnist20k.JavaMemory;
import io.mnist20k.Packed;
import io.mnist20k.UserError;
import io.mnist20k.engine.Engine;
import io.mnist20k.model.Model;
import io.mnist20k.predict.Picture;
import io.mnist20k.predict.Prediction;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/// Serves one model to browsers on this machine. Where its run is still going on there are only curves until the
/// model is written.
///
/// | request | answer |
/// | --- | --- |
/// | `GET /` | the page |
/// | `GET /model` | `recipe`, `parameters` |
/// | `GET /metrics` | `epochs`: the lines of the `metrics.jsonl` beside the model, as far as they are written |
/// | `POST /predict`, a picture | `digit`, `probability`, `probabilities`, `pixels`: 28×28 as the network saw them |
///
/// What fails is an object with `error`, a sentence.
public final class Server implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .build();
    private static final String PAGE = "page.html";
    private static final String HOST = "127.0.0.1";

    /// Of this machine, whatever port of another is forwarded to it.
    private static final Set<String> NAMES = Set.of("localhost", HOST, "[::1]");

    /// Clients that wait to be accepted; the system may allow fewer. The JDK's own 50 turn some of 200 away.
    private static final int BACKLOG = 1024;

    /// Of a picture; one that is drawn on the page has some kilobytes.
    private static final int MOST_BYTES = 16 << 20;

    /// Bodies that an eighth of the memory holds, if all were as large as may be.
    static final int LARGEST_AT_ONCE = Math.clamp(Runtime.getRuntime().maxMemory() / 8 / MOST_BYTES, 2, 1024);

    /// Does not wait for others.
    private static final int SMALL_BYTES = 64 << 10;

    /// For which a client waits until there is memory for its picture.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /// Nothing from elsewhere, and nobody else's frame.
    private static final String POLICY = "default-src 'none'; connect-src 'self'; img-src 'self' blob: data:;"
            + " script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
            + " frame-ancestors 'none'";

    private final HttpServer http;
    final ServedModel served;
    private final byte[] page;
    private final Duration patience;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    /// KiB of large pictures that are being sent: however many clients there are, memory is left for the JDK's
    /// threads.
    final Semaphore uploads = new Semaphore(LARGEST_AT_ONCE * (MOST_BYTES >> 10));

    /// One picture at a time takes many times its bytes.
    private final Object decoding = new Object();

    /// @param path of the model
    /// @param port 0: any that is free
    /// @throws UserError where there is neither a model nor a run that may write it, or the port cannot be had
    public Server(Path path, Engine engine, int port) {
        this(path, engine, port, PATIENCE);
    }

    Server(Path path, Engine engine, int port, Duration patience) {
        this.patience = patience;
        page = Packed.bytes(Server.class, PAGE);
        var address = new InetSocketAddress(InetAddress.ofLiteral(HOST), port);
        served = new ServedModel(path, engine);
        try {
            http = HttpServer.create(address, BACKLOG);
        } catch (IOException e) {
            served.close();
            throw new UserError(
                    "serving on port %s: %s; choose another with --port, or any that is free with --port 0"
                            .formatted(port, e.getMessage()),
                    e);
        }
        http.createContext("/", this::handle);
        http.setExecutor(executor); // nobody waits for a client that is slow or stuck
        http.start();
        CompletableFuture.runAsync(this::askItself, executor).join();
    }

    /// What the JDK loads for its first client, it may open files for, and what it cannot load then it never will.
    /// So this is the first client, before others can have taken all the files that the process may open. It
    /// waits once in a virtual thread, as for a slow client, and sends the beginning of a JPEG.
    private void askItself() {
        URI address = address();
        try (var client = new Socket(address.getHost(), address.getPort())) {
            client.setSoTimeout(1);
            try {
                client.getInputStream().read();
            } catch (SocketTimeoutException _) {
                client.setSoTimeout((int) PATIENCE.toMillis());
            }
            client.getOutputStream()
                    .write(
                            "POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\n\r\n\u00ff\u00d8\u00ff"
                                    .getBytes(StandardCharsets.ISO_8859_1));
            client.getInputStream().readAllBytes();
        } catch (IOException e) {
            // others may have more luck
        }
    }

    public URI address() {
        InetSocketAddress address = http.getAddress();
        return URI.create("http://%s:%s/".formatted(address.getAddress().getHostAddress(), address.getPort()));
    }

    @Override
    public void close() {
        http.stop(0);
        executor.shutdownNow();
        served.close();
    }

    private record OfModel(String recipe, int parameters) {
        static OfModel of(Model model) {
            return new OfModel(model.recipe().name(), model.network().parameterCount());
        }
    }

    private record OfRun(List<JsonNode> epochs) {}

    private record OfPicture(int digit, double probability, double[] probabilities, int[] pixels) {}

    private record Failure(String error) {}

    /// What goes back.
    private record Answer(int status, String type, byte[] body) {
        static Answer json(int status, Object object) {
            return new Answer(status, "application/json", JSON.writeValueAsBytes(object));
        }

        static Answer error(int status, String sentence) {
            return json(status, new Failure(sentence));
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Answer answer;
            try {
                answer = answer(exchange);
            } catch (UserError e) {
                answer = Answer.error(422, e.getMessage());
            } catch (OutOfMemoryError e) {
                answer = Answer.error(500, "answering failed: memory is full; allow more with " + JavaMemory.more());
            } catch (RuntimeException e) {
                answer = Answer.error(500, "answering failed: " + e + "; try again");
            }
            exchange.getResponseHeaders()
                    .putAll(Map.of(
                            "Content-Type", List.of(answer.type),
                            "Content-Security-Policy", List.of(POLICY),
                            "X-Content-Type-Options", List.of("nosniff"),
                            "Cache-Control", List.of("no-store")));
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(answer.status, head ? -1 : answer.body.length);
            if (!head) {
                exchange.getResponseBody().write(answer.body);
            }
            readOn(exchange.getRequestBody());
        }
    }

    /// Who closes while a client that was refused still sends resets the connection, and the answer may be lost with
    /// it (RFC 9112, section 9.6).
    private static void readOn(InputStream body) throws IOException {
        byte[] nowhere = new byte[1 << 13];
        for (long left = 4L * MOST_BYTES; left > 0; ) {
            int read = body.read(nowhere);
            left = read < 0 ? 0 : left - read;
        }
    }

    private Answer answer(HttpExchange exchange) throws IOException {
        if (!isForThisMachine(exchange.getRequestHeaders())) {
            return Answer.error(403, "this server answers only its own page, " + address());
        }
        String path = exchange.getRequestURI().getPath();
        String expected = path.equals("/predict") ? "POST" : "GET";
        if (!Set.of("/", "/model", "/metrics", "/predict").contains(path)) {
            return Answer.error(404, "there is nothing at " + path);
        }
        String method = exchange.getRequestMethod();
        if (!method.equals(expected) && !(method.equals("HEAD") && expected.equals("GET"))) {
            exchange.getResponseHeaders().set("Allow", expected.equals("GET") ? "GET, HEAD" : expected);
            return Answer.error(405, path + " takes " + expected);
        }
        return switch (path) {
            case "/" -> new Answer(200, "text/html; charset=utf-8", page);
            case "/model" -> Answer.json(200, OfModel.of(served.model()));
            case "/metrics" -> Answer.json(200, new OfRun(served.epochs()));
            default -> predict(exchange);
        };
    }

    /// A page from elsewhere can send requests here, and can have a name of its own lead here; browsers say both.
    private static boolean isForThisMachine(Headers headers) {
        String host = headers.getFirst("Host");
        String origin = headers.getFirst("Origin");
        return host != null
                && NAMES.contains(host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT))
                && (origin == null || origin.equalsIgnoreCase("http://" + host));
    }

    private Answer predict(HttpExchange exchange) throws IOException {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/")) {
            return Answer.error(415, "this is a form; send only the picture, as curl does with --data-binary @FILE");
        }
        long announced = announced(exchange.getRequestHeaders());
        if (announced > MOST_BYTES) {
            return tooLarge();
        }
        int kibibytes = announced <= SMALL_BYTES ? 0 : Math.ceilDiv((int) announced, 1 << 10);
        if (!acquire(kibibytes)) {
            return Answer.error(503, "other pictures fill the memory set aside for them; try again");
        }
        byte[] digit;
        try {
            byte[] picture = exchange.getRequestBody().readNBytes(MOST_BYTES + 1);
            if (picture.length > MOST_BYTES) {
                return tooLarge();
            }
            synchronized (decoding) {
                digit = Picture.of("reading the picture", picture).digit();
            }
        } finally {
            uploads.release(kibibytes);
        }
        return answer(digit);
    }

    private static Answer tooLarge() {
        return Answer.error(413, "the picture has more than " + (MOST_BYTES >> 20) + " MiB; make it smaller");
    }

    /// Bytes of the body; the most where it comes in chunks.
    private static long announced(Headers headers) {
        String length = headers.getFirst("Content-Length");
        if (length != null) {
            return Long.parseLong(length); // which the JDK has read before
        }
        return headers.containsKey("Transfer-Encoding") ? MOST_BYTES : 0;
    }

    private boolean acquire(int kibibytes) {
        try {
            return uploads.tryAcquire(kibibytes, patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return false; // the server is being closed
        }
    }

    private Answer answer(byte[] digit) {
        ServedModel.Recognised recognised = served.answer(digit);
        Prediction prediction = recognised.prediction();
        int[] pixels = new int[recognised.seen().length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = recognised.seen()[i] & 0xFF;
        }
        return Answer.json(
                200, new OfPicture(prediction.digit(), prediction.probability(), prediction.probabilities(), pixels));
    }
}
