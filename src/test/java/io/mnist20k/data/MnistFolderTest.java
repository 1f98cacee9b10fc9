package io.mnist20k.data;

import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MnistFolderTest {
    private static final Dataset TRAIN = MadeUpDigits.of(13, 1);
    private static final Dataset TEST = MadeUpDigits.of(5, 2);

    @TempDir
    Path folder;

    @BeforeEach
    void writeDataset() {
        MadeUpDigits.write(folder, TRAIN, TEST);
    }

    private void assertRefused(String... facts) {
        String sentence = assertThrows(
                        UserError.class, () -> MnistFolder.at(folder).load())
                .getMessage();
        assertSays(sentence, facts);
    }

    private static void assertSame(Dataset expected, Dataset found) {
        assertArrayEquals(expected.pixels(), found.pixels());
        assertArrayEquals(expected.labels(), found.labels());
    }

    @Test
    void aGivenFolderIsUsedAsItIs() {
        Split loaded = MnistFolder.at(folder).load();
        assertSame(TRAIN, loaded.train());
        assertSame(TEST, loaded.validation());
        assertEquals(folder, MnistFolder.at(folder).path());
    }

    @ParameterizedTest
    @CsvSource({
        "train-images-idx3-ubyte, train-images-idx3-ubyte.gz, true",
        "train-images-idx3-ubyte, train-images.idx3-ubyte, false",
        "t10k-labels-idx1-ubyte, t10k-labels.idx1-ubyte.gz, true",
        "train-images-idx3-ubyte, train-images-idx3-ubyte.gz, false",
        "t10k-images-idx3-ubyte, t10k-images-idx3-ubyte, true",
    })
    void packedDottedAndMisnamedFilesAreRead(String usual, String other, boolean packed) throws IOException {
        byte[] plain = Files.readAllBytes(folder.resolve(usual));
        Files.delete(folder.resolve(usual));
        Files.write(folder.resolve(other), packed ? MadeUpDigits.gzip(plain) : plain);
        Split loaded = MnistFolder.at(folder).load();
        assertSame(TRAIN, loaded.train());
        assertSame(TEST, loaded.validation());
    }

    @Test
    void theTestImagesNeedNoTrainingFiles() throws IOException {
        Files.delete(folder.resolve("train-images-idx3-ubyte"));
        Files.delete(folder.resolve("train-labels-idx1-ubyte"));
        assertSame(TEST, MnistFolder.at(folder).loadTest());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train-images-idx3-ubyte",
                "train-labels-idx1-ubyte",
                "t10k-images-idx3-ubyte",
                "t10k-labels-idx1-ubyte"
            })
    void everyFileIsMissedByItsName(String name) throws IOException {
        Files.delete(folder.resolve(name));
        assertRefused(folder.toString(), name, ".gz", "--data");
        Files.createDirectory(folder.resolve(name));
        assertRefused(folder.toString(), name, ".gz", "--data");
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        Path missing = folder.resolve("nowhere");
        String sentence = assertThrows(
                        UserError.class, () -> MnistFolder.at(missing).load())
                .getMessage();
        assertTrue(sentence.contains(missing.toString()) && sentence.contains("--data"), sentence);
        assertFalse(Files.exists(missing), "looking for a folder must not make it");
    }

    /// As in a folder that may not be searched, which root, who runs tests in containers, always may.
    @Test
    void whatCannotBeLookedAtIsNotCalledMissing() throws IOException {
        Path labels = folder.resolve("train-labels-idx1-ubyte");
        Files.delete(labels);
        Files.createSymbolicLink(labels, labels);
        assertRefused(labels.toString(), "symbolic links", "--data");
    }

    @Test
    void countsThatDifferAreNamedWithTheirFiles() throws IOException {
        Files.write(folder.resolve("train-labels-idx1-ubyte"), MadeUpDigits.labels(TRAIN.first(12)));
        assertRefused("train-images-idx3-ubyte", "13 images", "train-labels-idx1-ubyte", "12 labels");
    }

    @ParameterizedTest
    @CsvSource({
        "t10k-labels-idx1-ubyte, 12, 10, label 10 at index 4",
        "t10k-labels-idx1-ubyte, 3, 3, magic is 0x00000803",
        "t10k-images-idx3-ubyte, 7, 6, '4,720'",
        "train-images-idx3-ubyte, 11, 29, 29×28",
    })
    void anOddByteIsReportedWithFileAndRemedy(String name, int index, byte value, String fact) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(name));
        bytes[index] = value;
        Files.write(folder.resolve(name), bytes);
        assertRefused(folder.resolve(name).toString(), fact, "replace the file");
        Files.delete(folder.resolve(name));
        Files.write(folder.resolve(name + ".gz"), MadeUpDigits.gzip(bytes));
        assertRefused(folder.resolve(name + ".gz").toString(), fact, "replace the file");
    }

    @Test
    void aRefusedFolderIsLeftAsItWas() throws IOException {
        Path images = folder.resolve("train-images-idx3-ubyte");
        byte[] cut = Arrays.copyOf(Files.readAllBytes(images), 1000);
        Files.write(images, cut);
        assertRefused(images.toString(), "1,000", "10,208");
        assertArrayEquals(cut, Files.readAllBytes(images));
        try (var files = Files.list(folder)) {
            assertEquals(4, files.count());
        }
    }

    /// Whole files and no MNIST, which their SHA-256 alone tells.
    @Test
    void anotherDatasetInTheCacheIsNotMnist() {
        MnistFolder cache = MnistFolder.cache(folder, from());
        for (Executable load :
                List.<Executable>of(cache::load, () -> cache.load(Validation.HELD_OUT), cache::loadTest)) {
            String sentence = assertThrows(UserError.class, load).getMessage();
            assertSays(sentence, "is not MNIST's", "--data");
        }
    }

    @Test
    void theCacheFetchesWhatIsNotTheFileThatItKnows() throws IOException {
        byte[] known = MadeUpDigits.images(TRAIN);
        String name = "train-images-idx3-ubyte";
        String sha256 = IdxFile.read(folder.resolve(name), IdxFile.Kind.IMAGES).sha256();
        var file = new MnistFile(name, IdxFile.Kind.IMAGES, known.length, sha256);
        try (var server = new MirrorServer()) {
            MnistFolder cache = MnistFolder.cache(folder, from(server.giving("good", MadeUpDigits.gzip(known))));
            assertArrayEquals(TRAIN.pixels(), cache.read(file).body());
            assertEquals(0, server.requests().size());
            byte[] other = known.clone();
            other[known.length - 1]++;
            for (byte[] damaged : new byte[][] {other, Arrays.copyOf(known, 9)}) {
                Files.write(folder.resolve(name), damaged);
                assertArrayEquals(TRAIN.pixels(), cache.read(file).body());
                assertArrayEquals(known, Files.readAllBytes(folder.resolve(name)));
            }
            Files.delete(folder.resolve(name));
            assertArrayEquals(TRAIN.pixels(), cache.read(file).body());
            assertEquals(3, server.requests().size());
        }
    }

    private static Download from(URI... mirrors) {
        return new Download(List.of(mirrors), Duration.ofSeconds(20), Duration.ofSeconds(20), (_, _) -> {});
    }

    @Test
    void theCacheIsWhereTheSystemKeepsCaches() {
        Map<String, String> none = Map.of();
        assertEquals(Path.of("/home/ada/.cache/mnist20k"), MnistFolder.cachePath(none, "Linux", "/home/ada"));
        assertEquals(
                Path.of("/home/eve/.cache/mnist20k"),
                MnistFolder.cachePath(Map.of("HOME", "/home/eve"), "Linux", "/home/ada"));
        assertEquals(
                Path.of("/home/ada/.cache/mnist20k"), MnistFolder.cachePath(Map.of("HOME", ""), "Linux", "/home/ada"));
        assertEquals(Path.of("/Users/ada/.cache/mnist20k"), MnistFolder.cachePath(none, "Mac OS X", "/Users/ada"));
        assertEquals(
                Path.of("/big/caches/mnist20k"),
                MnistFolder.cachePath(Map.of("XDG_CACHE_HOME", "/big/caches"), "Linux", "/home/ada"));
        assertEquals(
                Path.of("/local/mnist20k"),
                MnistFolder.cachePath(
                        Map.of("XDG_CACHE_HOME", "/big/caches", "LOCALAPPDATA", "/local"), "Windows 11", "/home/ada"));
        assertEquals(
                Path.of("/home/ada/AppData/Local/mnist20k"), MnistFolder.cachePath(none, "Windows 11", "/home/ada"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "caches", "./caches"})
    void aRelativeCacheHomeIsIgnored(String relative) {
        Path home = folder.toAbsolutePath();
        assertEquals(
                home.resolve(".cache").resolve("mnist20k"),
                MnistFolder.cachePath(Map.of("XDG_CACHE_HOME", relative), "Linux", home.toString()));
    }
}
