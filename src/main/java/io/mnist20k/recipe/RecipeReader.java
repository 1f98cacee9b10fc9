package io.mnist20k.recipe;

import io.mnist20k.Packed;
import io.mnist20k.UserError;
import io.mnist20k.files.Reason;
import io.mnist20k.network.Layer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// Reads recipes from TOML. Every failure is a [UserError] that names the recipe, the key, what was found, what was
/// expected and, where there is one, the line. The keys with their defaults are in `docs/RECIPES.md`.
public final class RecipeReader {
    /// The recipes that come with the program.
    public static final List<String> BUILT_IN = List.of("default", "small", "sprint");

    /// Longest recipe that is read; a network of 256 layers takes a tenth of it.
    private static final int MAX_BYTES = 1 << 18;

    private static final List<String> OPTIMIZERS = List.of("adamw", "muon", "sgd");
    private static final List<String> SCHEDULES = List.of("one-cycle", "cosine", "step", "plateau", "constant");
    private static final List<String> LAYERS = List.of(
            "conv",
            "batchnorm",
            "relu",
            "maxpool",
            "globalavgpool",
            "globalmaxpool",
            "dropout",
            "dropout2d",
            "dense",
            "softmax");

    private final Document document;

    private RecipeReader(Document document) {
        this.document = document;
    }

    /// Reads a built-in recipe or a file.
    ///
    /// @param nameOrFile one of [#BUILT_IN], else the path of a file
    /// @param overrides  `key=value` each, put over the document in this order
    public static Recipe read(String nameOrFile, List<String> overrides) {
        return read(nameOrFile, overrides, List.of());
    }

    /// @param overrides `key=value` each, put over the document in this order
    /// @param more      put over the recipe that they make, which has to be right without them
    public static Recipe read(String nameOrFile, List<String> overrides, List<String> more) {
        String title = "recipe " + nameOrFile;
        byte[] bytes = BUILT_IN.contains(nameOrFile)
                ? Packed.bytes(RecipeReader.class, "/recipes/" + nameOrFile + ".toml")
                : file(title, nameOrFile);
        String name = nameOrFile.replaceFirst("^.*[/\\\\]", "").replaceFirst("\\.toml$", "");
        String toml = decode(title, bytes);
        Recipe recipe = parse(title, name, toml, overrides);
        if (more.isEmpty()) {
            return recipe;
        }
        var all = new ArrayList<>(overrides);
        all.addAll(more);
        return parse(title, name, toml, all);
    }

    /// Reads a recipe that is already in memory.
    ///
    /// @param title what the recipe is called in error sentences
    /// @param toml  its text; a recipe without a `name` is called `unnamed`
    public static Recipe parse(String title, String toml) {
        return parse(title, toml, List.of());
    }

    /// @param overrides `key=value` each, put over the document in this order
    public static Recipe parse(String title, String toml, List<String> overrides) {
        return parse(title, "unnamed", Objects.requireNonNull(toml), overrides);
    }

    private static Recipe parse(String title, String name, String toml, List<String> overrides) {
        Document document = Document.parse(title, toml);
        Recipe recipe = new RecipeReader(document).recipe(name);
        if (overrides.isEmpty()) {
            return recipe;
        }
        // The document was right by itself; now what it becomes is read from the start.
        Document overridden = Document.parse(title, toml);
        overrides.forEach(overridden::override);
        return new RecipeReader(overridden).recipe(name);
    }

    private static byte[] file(String title, String path) {
        try {
            Path file = Path.of(path);
            if (Files.notExists(file)) {
                throw new UserError(
                        title + ": there is no such file, and the built-in recipes are " + String.join(", ", BUILT_IN));
            }
            if (Files.isDirectory(file)) {
                throw new UserError(title + ": this is a folder, expected a TOML file");
            }
            try (InputStream in = Files.newInputStream(file)) {
                byte[] bytes = in.readNBytes(MAX_BYTES + 1);
                if (bytes.length > MAX_BYTES) {
                    throw new UserError(
                            title + ": the file has more than " + MAX_BYTES + " bytes, which no recipe needs");
                }
                return bytes;
            }
        } catch (InvalidPathException e) {
            throw new UserError(
                    title + ": this is not a file name here (" + e.getReason() + "), and the built-in recipes are "
                            + String.join(", ", BUILT_IN),
                    e);
        } catch (IOException e) {
            throw new UserError(title + ": " + Reason.of(e) + "; make it readable or name another", e);
        }
    }

    private static String decode(String title, byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text; // the mark that some Windows editors write
        } catch (CharacterCodingException e) {
            throw new UserError(title + ": this is not UTF-8 text, which TOML has to be", e);
        }
    }

    private Recipe recipe(String defaultName) {
        String name = document.text("name", defaultName);
        int epochs = document.integer("epochs", 19);
        int batch = document.integer("batch", 128);
        boolean deskew = document.flag("normalization.deskew", false);
        double labelSmoothing = document.number("label_smoothing", 0);
        Initialization initialization =
                word("initialization", Initialization.KAIMING_NORMAL, Initialization.values(), Initialization::type);
        Optimizer optimizer = checked("optimizer", this::optimizer);
        Schedule schedule = checked("schedule", this::schedule);
        double averagingDecay = document.number("averaging.decay", 0);
        Augmentation augmentation = checked("augmentation", this::augmentation);
        var engine = new EngineSettings(
                word("engine.precision", EngineSettings.DEFAULT.precision(), Precision.values(), Precision::type),
                word("engine.kernels", EngineSettings.DEFAULT.kernels(), Kernels.values(), Kernels::type));
        List<Layer> network = IntStream.range(0, document.size("network"))
                .mapToObj(i -> checked("network." + i, () -> layer("network." + i)))
                .toList();
        document.refuseUnknown();
        return checked(
                "",
                () -> new Recipe(
                        name,
                        epochs,
                        batch,
                        deskew,
                        network,
                        initialization,
                        optimizer,
                        schedule,
                        averagingDecay,
                        augmentation,
                        labelSmoothing,
                        engine));
    }

    private <T> T word(String path, T byDefault, T[] values, Function<T, String> type) {
        List<String> words = Arrays.stream(values).map(type).toList();
        return values[words.indexOf(document.word(path, type.apply(byDefault), words))];
    }

    private Optimizer optimizer() {
        return switch (document.word("optimizer.type", "adamw", OPTIMIZERS)) {
            case "adamw" -> adamW();
            case "muon" -> new Optimizer.Muon(document.number("optimizer.momentum", Optimizer.Muon.MOMENTUM), adamW());
            default ->
                new Optimizer.Sgd(
                        document.number("optimizer.lr", 0.1),
                        document.number("optimizer.momentum", 0.9),
                        document.flag("optimizer.nesterov", true),
                        document.number("optimizer.weight_decay", 0));
        };
    }

    private Optimizer.AdamW adamW() {
        return new Optimizer.AdamW(
                document.number("optimizer.lr", 0.01),
                document.number("optimizer.beta1", 0.9),
                document.number("optimizer.beta2", 0.999),
                document.number("optimizer.epsilon", 1e-8),
                document.number("optimizer.weight_decay", 0.01));
    }

    private Schedule schedule() {
        return switch (document.word("schedule.type", "one-cycle", SCHEDULES)) {
            case "one-cycle" ->
                new Schedule.OneCycle(
                        document.number("schedule.warmup", 0.3),
                        document.number("schedule.start", 0.04),
                        document.number("schedule.end", 0.001));
            case "cosine" ->
                new Schedule.Cosine(document.number("schedule.warmup", 0.05), document.number("schedule.end", 0.001));
            case "step" ->
                new Schedule.Step(document.integer("schedule.every", 5), document.number("schedule.factor", 0.3));
            case "plateau" ->
                new Schedule.Plateau(document.number("schedule.factor", 0.3), document.integer("schedule.patience", 1));
            default -> new Schedule.Constant();
        };
    }

    private Augmentation augmentation() {
        return new Augmentation(
                document.number("augmentation.rotation", 0),
                document.number("augmentation.scale", 0),
                document.number("augmentation.shear", 0),
                document.number("augmentation.shift", 0));
    }

    private Layer layer(String at) {
        return switch (document.word(at + ".type", LAYERS)) {
            case "conv" ->
                new Layer.Conv(
                        document.integer(at + ".out"),
                        document.integer(at + ".kernel"),
                        document.integer(at + ".stride", 1),
                        document.integer(at + ".padding", 0),
                        document.flag(at + ".bias", false));
            case "batchnorm" ->
                new Layer.BatchNorm(document.number(at + ".epsilon", 1e-5), document.number(at + ".momentum", 0.1));
            case "relu" -> new Layer.Relu();
            case "maxpool" -> {
                int kernel = document.integer(at + ".kernel", 2);
                yield new Layer.MaxPool(kernel, document.integer(at + ".stride", kernel));
            }
            case "globalavgpool" -> new Layer.GlobalAvgPool();
            case "globalmaxpool" -> new Layer.GlobalMaxPool();
            case "dropout" -> new Layer.Dropout(document.number(at + ".rate"));
            case "dropout2d" -> new Layer.Dropout2d(document.number(at + ".rate"));
            case "dense" -> new Layer.Dense(document.integer(at + ".out"), document.flag(at + ".bias", true));
            default -> new Layer.Softmax();
        };
    }

    /// Turns what a constructor refuses into a sentence with recipe and line.
    private <T> T checked(String table, Supplier<T> reading) {
        String prefix = table.isEmpty() ? "" : table + ".";
        try {
            return reading.get();
        } catch (OutOfRangeException e) {
            throw document.error(prefix + e.key(), prefix + e.getMessage());
        } catch (IllegalArgumentException e) {
            String finding = prefix + e.getMessage(); // a layer's begins with its key
            throw document.error(finding.replaceFirst(" .*", ""), finding);
        }
    }
}
