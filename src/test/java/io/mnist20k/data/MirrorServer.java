package io.mnist20k.data;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A real HTTP server whose folders behave as mirrors do on bad days.
final class MirrorServer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<String> requests = new CopyOnWriteArrayList<>();

    interface Behaviour {
        void answer(HttpExchange exchange) throws IOException, InterruptedException;
    }

    MirrorServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
    }

    URI mirror(String name, Behaviour behaviour) {
        server.createContext("/" + name + "/", exchange -> {
            requests.add(exchange.getRequestURI().getPath());
            try (exchange) {
                behaviour.answer(exchange);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/" + name + "/");
    }

    URI giving(String name, byte[] bytes) {
        return mirror(name, exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        });
    }

    URI answering(String name, int status) {
        return mirror(name, exchange -> exchange.sendResponseHeaders(status, -1));
    }

    /// Promises all, sends half and hangs up.
    URI truncating(String name, byte[] bytes) {
        return mirror(name, exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
            exchange.getResponseBody().flush();
        });
    }

    /// Sends half and then nothing, for as long as the server lives.
    URI stalling(String name, byte[] bytes) {
        return mirror(name, exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes, 0, bytes.length / 2);
            exchange.getResponseBody().flush();
            closed.await();
        });
    }

    /// Takes the request and never answers.
    URI silent(String name) {
        return mirror(name, _ -> closed.await());
    }

    /// Sends without end.
    URI endless(String name) {
        return mirror(name, exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                byte[] piece = new byte[1 << 16];
                while (true) {
                    out.write(piece);
                }
            }
        });
    }

    /// Nobody listens there.
    static URI refusing() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://localhost:" + socket.getLocalPort() + "/refusing/");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The paths asked for so far.
    List<String> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
