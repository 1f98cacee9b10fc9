package io.mnist20k.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real files: in the folder of the property `mnist20k.data`, or in the cache.
class MnistIT {
    @Test
    void countsAreThoseOfThePaper() {
        Split mnist = MnistFolder.at(RealMnist.path()).load();
        assertEquals(60_000, mnist.train().count());
        assertEquals(10_000, mnist.validation().count());
        // http://yann.lecun.com/exdb/mnist: counted over its label files.
        assertArrayEquals(
                new int[] {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949},
                mnist.train().classCounts());
        assertArrayEquals(
                new int[] {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009},
                mnist.validation().classCounts());
    }

    @Test
    void meanAndDeviationAreTheOnesEverybodyTypes() {
        Normalization normalization =
                MnistFolder.at(RealMnist.path()).load().train().normalization();
        // 0.1307 and 0.3081 in the examples of PyTorch, rounded to four places there.
        assertEquals(0.1307, normalization.mean(), 0.00005);
        assertEquals(0.3081, normalization.deviation(), 0.00005);
    }

    @Test
    void theHoldoutIsFiftyAndTenThousand() {
        Split holdout = Split.holdout(MnistFolder.at(RealMnist.path()).load().train());
        assertEquals(50_000, holdout.train().count());
        assertEquals(10_000, holdout.validation().count());
        for (int digit = 0; digit < 10; digit++) {
            int trained = holdout.train().classCounts()[digit];
            int validated = holdout.validation().classCounts()[digit];
            // Hypergeometric, deviation below sqrt(10,000 * 0.11 * 0.89 * 5/6) = 29.
            assertEquals((trained + validated) / 6.0, validated, 5 * 29, "digit " + digit);
        }
    }

    @Test
    void anEmptyCacheFillsItselfAndADamagedFileIsFetchedAgain(@TempDir Path cache) throws IOException {
        Path source = RealMnist.path();
        try (MirrorServer server = new MirrorServer()) {
            URI mirror = server.mirror("mnist", exchange -> {
                Path requested = Path.of(exchange.getRequestURI().getPath()).getFileName();
                Path plain = source.resolve(requested.toString().replace(".gz", ""));
                byte[] bytes = Files.readAllBytes(Files.exists(plain) ? plain : source.resolve(requested));
                exchange.sendResponseHeaders(200, bytes.length);
                exchange.getResponseBody().write(bytes);
            });
            Download download =
                    new Download(List.of(mirror), Duration.ofSeconds(5), Duration.ofSeconds(60), (_, _) -> {});
            assertEquals(10_000, MnistFolder.cache(cache, download).loadTest().count());
            assertEquals(
                    List.of("/mnist/t10k-labels-idx1-ubyte.gz", "/mnist/t10k-images-idx3-ubyte.gz"), server.requests());
            assertEquals(
                    60_000, MnistFolder.cache(cache, download).load().train().count());
            assertEquals(4, server.requests().size());

            assertEquals(
                    60_000,
                    MnistFolder.cache(cache, RealMnist.FROM_NOWHERE)
                            .load()
                            .train()
                            .count());
            assertEquals(4, server.requests().size(), "a full cache asks nobody");

            Path labels = cache.resolve("t10k-labels-idx1-ubyte");
            byte[] right = Files.readAllBytes(labels);
            try (RandomAccessFile damaged = new RandomAccessFile(labels.toFile(), "rw")) {
                damaged.seek(5000);
                damaged.write((right[5000] + 1) % 10);
            }
            assertNotEquals(-1, Arrays.mismatch(right, Files.readAllBytes(labels)));
            assertEquals(10_000, MnistFolder.cache(cache, download).loadTest().count());
            assertArrayEquals(right, Files.readAllBytes(labels));

            Files.write(labels, new byte[] {0, 0, 8});
            assertEquals(10_000, MnistFolder.cache(cache, download).loadTest().count());
            assertArrayEquals(right, Files.readAllBytes(labels));
            assertEquals(6, server.requests().size());
        }
        try (var files = Files.list(cache)) {
            assertEquals(
                    List.of(
                            ".lock",
                            "t10k-images-idx3-ubyte",
                            "t10k-labels-idx1-ubyte",
                            "train-images-idx3-ubyte",
                            "train-labels-idx1-ubyte"),
                    files.map(path -> path.getFileName().toString()).sorted().toList());
        }
    }
}
