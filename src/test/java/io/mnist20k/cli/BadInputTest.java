package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.model.Model;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each bad input: one sentence, exit code 1, and no folder left behind.
final class BadInputTest {
    private static final String IMAGES = "train-images-idx3-ubyte";
    private static final String LABELS = "train-labels-idx1-ubyte";

    @TempDir
    Path folder;

    static Stream<Arguments> damages() {
        return Stream.of(
                damage("truncated", IMAGES, bytes -> Arrays.copyOf(bytes, bytes.length - 1), IMAGES, "bytes"),
                damage("cut within the header", IMAGES, bytes -> Arrays.copyOf(bytes, 7), IMAGES, "header"),
                damage("of one byte", IMAGES, bytes -> Arrays.copyOf(bytes, 1), IMAGES, "after 1 byte,"),
                damage("empty", IMAGES, bytes -> new byte[0], IMAGES),
                damage("oversized", IMAGES, bytes -> Arrays.copyOf(bytes, bytes.length + 1), IMAGES, "bytes"),
                damage("announcing four billion images", IMAGES, bytes -> set(bytes, 4, -1), IMAGES, "4,294,967,295"),
                damage("of 29 rows", IMAGES, bytes -> set(bytes, 8, 29), IMAGES, "29"),
                damage("labels for images", IMAGES, bytes -> set(bytes, 0, 0x801), IMAGES, "magic", "0x00000801"),
                damage("label 10", LABELS, bytes -> setByte(bytes, 8 + 17, 10), LABELS, "10", "17"),
                damage("one label fewer", LABELS, BadInputTest::withoutTheLast, "203 images", "202 labels"));
    }

    private static Arguments damage(String name, String file, UnaryOperator<byte[]> damage, String... facts) {
        return Arguments.of(name, file, damage, facts);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void aDamagedDatasetIsRefused(String name, String file, UnaryOperator<byte[]> damage, String[] facts)
            throws IOException {
        Path damaged = TinySetup.data(folder).resolve(file);
        Files.write(damaged, damage.apply(Files.readAllBytes(damaged)));
        refused(1, facts);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 30, 1000})
    void aTruncatedGzipIsRefused(int missing) throws IOException {
        byte[] packed = pack(IMAGES);
        Files.write(TinySetup.data(folder).resolve(IMAGES + ".gz"), Arrays.copyOf(packed, packed.length - missing));
        refused(1, IMAGES + ".gz", "packed");
    }

    @Test
    void aCorruptGzipIsRefused() throws IOException {
        byte[] packed = pack(IMAGES);
        packed[packed.length / 2] ^= 0x10;
        Files.write(TinySetup.data(folder).resolve(IMAGES + ".gz"), packed);
        refused(1, IMAGES + ".gz");
    }

    @Test
    void aGzipWithSomethingBehindItIsRefused() throws IOException {
        byte[] packed = pack(IMAGES);
        Files.write(TinySetup.data(folder).resolve(IMAGES + ".gz"), Arrays.copyOf(packed, packed.length + 3));
        refused(1, IMAGES + ".gz");
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(TinySetup.data(folder).resolve(LABELS));
        refused(1, LABELS);
    }

    @Test
    void anUnknownRecipeKeyIsAnsweredWithTheNearest() {
        refused(new String[] {"--set", "optimiser.lr=0.1"}, 1, "optimiser.lr", "optimizer.lr");
    }

    @Test
    void twentyThousandAndOneParametersAreRefused() {
        Path recipe = TinySetup.write(
                folder.resolve("big.toml"),
                "network = [{ type = \"maxpool\", kernel = 28 }, { type = \"dense\", out = 49, bias = false },"
                        + " { type = \"dense\", out = 338, bias = false }, { type = \"dense\", out = 10 },"
                        + " { type = \"softmax\" }]");
        // 1 · 49 + 49 · 338 + 338 · 10 + 10
        Typed.in("train", "--recipe", recipe.toString(), "--out", out().toString())
                .failed(1, "20,001", "2 more", "--no-budget");
        assertFalse(Files.exists(out()));
    }

    @Test
    void twentyEpochsAreRefused() {
        refused(new String[] {"--epochs", "20"}, 1, "20 epochs", "1 more", "--no-budget");
    }

    @Test
    void aFileInPlaceOfTheOutputFolderIsRefusedAndStays() throws IOException {
        Files.writeString(out(), "mine");
        refusedButLeft("mine", Typed.train(folder, out()));
        refusedButLeft("mine", Typed.train(folder, out().resolve("deeper")));
    }

    private void refusedButLeft(String content, String[] args) throws IOException {
        Typed.in(args).failed(1, out().toString(), "--out");
        assertEquals(content, Files.readString(out()));
    }

    @Test
    void aFolderWithAnotherRunIsLeftAsItIs() throws IOException {
        Typed.in(Typed.train(folder, out(), "--epochs", "1", "--quiet")).succeeded();
        byte[] model = Files.readAllBytes(out().resolve("model.safetensors"));
        Typed.in(Typed.train(folder, out(), "--seed", "2")).failed(1, "another run", "--out", "--resume");
        assertArrayEquals(model, Files.readAllBytes(out().resolve("model.safetensors")));
    }

    @Test
    void aFolderWithoutACheckpointCannotGoOn() {
        Typed.in("train", "--resume", folder.toString()).failed(1, "checkpoint");
    }

    @Test
    void aModelAndACheckpointAreToldApart() throws IOException {
        Typed.in(Typed.train(folder, out(), "--epochs", "1", "--quiet")).succeeded();
        Path checkpoint = out().resolve("checkpoint");
        evaluateRefuses(checkpoint, "checkpoint, not a model", "model.safetensors");
        Files.copy(out().resolve("model.safetensors"), checkpoint, StandardCopyOption.REPLACE_EXISTING);
        Typed.in("train", "--resume", out().toString()).failed(1, checkpoint.toString(), "this is a model", "--resume");
    }

    @Test
    void aModelThatIsMissingCutShortOrLyingIsRefused() throws IOException {
        Typed.in(Typed.train(folder, out(), "--epochs", "1", "--quiet")).succeeded();
        Path model = out().resolve("model.safetensors");
        byte[] whole = Files.readAllBytes(model);
        int header = (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
        evaluateRefuses(folder.resolve("none"), "no such file");
        for (int length : new int[] {0, 7, 8, 100, 8 + header, whole.length - 1}) {
            evaluateRefuses(Files.write(folder.resolve("cut"), Arrays.copyOf(whole, length)));
        }
        evaluateRefuses(Files.write(folder.resolve("long"), Arrays.copyOf(whole, whole.length + 4)));
        String text = new String(whole, 8, header, StandardCharsets.UTF_8);
        for (String lie : new String[] {"[-4,", "[4000000000,", "[4,", "[0.5,", "[9223372036854775807,"}) {
            byte[] lying = text.replaceFirst("\\[0,(?=\\d+\\])", lie).getBytes(StandardCharsets.UTF_8);
            byte[] file = ByteBuffer.allocate(8 + lying.length + whole.length - 8 - header)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(lying.length)
                    .put(lying)
                    .put(whole, 8 + header, whole.length - 8 - header)
                    .array();
            evaluateRefuses(Files.write(folder.resolve("lying"), file));
        }
    }

    @Test
    void aModelWhoseScoresAreNoNumbersIsRefused() {
        Typed.in(Typed.train(folder, out(), "--epochs", "1", "--quiet")).succeeded();
        Model trained = Model.read(out().resolve("model.safetensors"));
        float[] parameters = trained.parameters();
        Arrays.fill(parameters, Float.MAX_VALUE);
        Path huge = folder.resolve("huge");
        new Model(trained.recipe(), trained.normalization(), parameters, trained.statistics(), trained.origin())
                .write(huge);
        String data = TinySetup.data(folder).toString();
        Typed.in("evaluate", huge.toString(), "--data", data, "--device", "reference", "--json")
                .failed(1, huge.toString(), "loss");
    }

    private void evaluateRefuses(Path model, String... facts) {
        Typed.in("evaluate", model.toString(), "--data", TinySetup.data(folder).toString())
                .failed(
                        1,
                        Stream.concat(Stream.of(model.toString()), Stream.of(facts))
                                .toArray(String[]::new));
    }

    private void refused(int exitCode, String... facts) {
        refused(new String[0], exitCode, facts);
    }

    private void refused(String[] more, int exitCode, String... facts) {
        Typed.in(Typed.train(folder, out(), Typed.concat(new String[] {"--json"}, more)))
                .failed(exitCode, facts);
        assertFalse(Files.exists(out()), "the run directory was left behind");
    }

    private Path out() {
        return folder.resolve("run");
    }

    /// The file packed, which takes its place.
    private byte[] pack(String file) throws IOException {
        Path plain = TinySetup.data(folder).resolve(file);
        byte[] packed = MadeUpDigits.gzip(Files.readAllBytes(plain));
        Files.delete(plain);
        return packed;
    }

    private static byte[] set(byte[] bytes, int at, int value) {
        return ByteBuffer.wrap(bytes.clone()).putInt(at, value).array();
    }

    private static byte[] setByte(byte[] bytes, int at, int value) {
        byte[] changed = bytes.clone();
        changed[at] = (byte) value;
        return changed;
    }

    private static byte[] withoutTheLast(byte[] labels) {
        return set(Arrays.copyOf(labels, labels.length - 1), 4, labels.length - 9);
    }
}
