package io.mnist20k.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.mnist20k.UserError;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustedCertificatesTest {
    private static final char[] PASSWORD = "certificates".toCharArray();

    @TempDir
    Path folder;

    /// A key for localhost, signed by itself.
    private KeyStore key(String name) throws Exception {
        Path file = folder.resolve(name);
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:localhost",
                        "-storepass",
                        new String(PASSWORD),
                        "-keystore",
                        file.toString())
                .inheritIO()
                .start();
        assertEquals(0, keytool.waitFor());
        return KeyStore.getInstance(file.toFile(), PASSWORD);
    }

    private static String pem(KeyStore key, String name) throws Exception {
        return "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder()
                        .encodeToString(key.getCertificate(name).getEncoded())
                + "\n-----END CERTIFICATE-----\n";
    }

    private static HttpsServer server(KeyStore key) throws Exception {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(key, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> exchange.sendResponseHeaders(204, -1));
        server.start();
        return server;
    }

    private static int status(HttpsServer server, SSLContext context) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newBuilder().sslContext(context).build()) {
            var request = HttpRequest.newBuilder(URI.create(
                            "https://localhost:" + server.getAddress().getPort()))
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        }
    }

    @Test
    void whoIsInTheFileIsTrustedAndNobodyElse() throws Exception {
        KeyStore trusted = key("trusted");
        KeyStore other = key("other");
        KeyStore stranger = key("stranger");
        Path bundle = Files.writeString(
                folder.resolve("bundle.pem"),
                "# comments stand between\n" + pem(other, "other") + pem(trusted, "trusted"));
        SSLContext context = TrustedCertificates.trusting(bundle);
        HttpsServer known = server(trusted);
        HttpsServer unknown = server(stranger);
        try {
            assertEquals(204, status(known, context));
            assertThrows(SSLHandshakeException.class, () -> status(unknown, context));
        } finally {
            known.stop(0);
            unknown.stop(0);
        }
    }

    @Test
    void anUnreadableFileIsNamedWithTheWayOut() throws IOException {
        Path damaged = Files.writeString(folder.resolve("damaged.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n");
        for (Path bundle : new Path[] {damaged, folder.resolve("absent.pem")}) {
            String sentence = assertThrows(UserError.class, () -> TrustedCertificates.trusting(bundle))
                    .getMessage();
            assertTrue(sentence.contains(bundle.toString()), sentence);
            assertTrue(sentence.contains("SSL_CERT_FILE"), sentence);
        }
    }
}
