package io.mnist20k.model;

import io.mnist20k.UserError;
import io.mnist20k.data.Normalization;
import io.mnist20k.data.Validation;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/// A trained network, with all it takes to use it: what to compute, on numbers made from pixels how.
///
/// Its file is a [TensorFile] whose tensors have the names and layouts of the `state_dict` of a PyTorch module
/// whose children carry the layers' names. The same model always makes the same bytes.
///
/// @param recipe        what was trained
/// @param normalization of the training images
/// @param parameters    as [Network#parameters] lays them out; finite; copied, here and by the accessor
/// @param statistics    as [Network#statistics] lays them out; finite, and no variance below 0; copied alike
/// @param origin        how it was trained
public record Model(Recipe recipe, Normalization normalization, float[] parameters, float[] statistics, Origin origin) {
    private static final String FORMAT = "1";

    /// How a model was trained, besides its recipe.
    ///
    /// @param validation     which images judged it; where they were re-drawn, it learned from images of the test
    ///                       files
    /// @param limit          only the first `limit` training images were used; 0 where all were
    /// @param budgetLifted   whether it has too many parameters, or was trained too many epochs, for the program's
    ///                       rules
    /// @param programVersion of the program that trained it
    public record Origin(long seed, Validation validation, int limit, boolean budgetLifted, String programVersion) {}

    /// @throws IllegalArgumentException where a length is not the network's, or a number cannot be computed with
    public Model {
        parameters = parameters.clone(); // what is checked stays as it is
        statistics = statistics.clone();
        Network network = recipe.build();
        if (parameters.length != network.parameterCount() || statistics.length != network.statisticCount()) {
            throw new IllegalArgumentException(parameters.length + " parameters and " + statistics.length
                    + " statistics for a network of " + network.parameterCount() + " and " + network.statisticCount());
        }
        for (Tensor tensor : network.parameters()) {
            requireNumbers(tensor, parameters);
        }
        for (Tensor tensor : network.statistics()) {
            requireNumbers(tensor, statistics);
        }
    }

    @Override
    public float[] parameters() {
        return parameters.clone();
    }

    @Override
    public float[] statistics() {
        return statistics.clone();
    }

    private static void requireNumbers(Tensor tensor, float[] vector) {
        boolean variance = tensor.name().endsWith(".running_var");
        for (int i = tensor.offset(); i < tensor.offset() + tensor.elements(); i++) {
            if (!Float.isFinite(vector[i])) {
                throw new IllegalArgumentException(
                        "tensor " + tensor.name() + " holds " + vector[i] + ", which is not finite");
            }
            if (variance && vector[i] < 0) {
                throw new IllegalArgumentException(
                        "tensor " + tensor.name() + " holds " + vector[i] + ", and a variance is never below 0");
            }
        }
    }

    /// @throws UserError where the file cannot be written
    public void write(Path path) {
        file().write(path);
    }

    byte[] encode() {
        return file().encode();
    }

    private TensorFile file() {
        Network network = recipe.build();
        var metadata = new TreeMap<String, String>();
        metadata.put("format", FORMAT);
        metadata.put("classes", Integer.toString(network.classes()));
        metadata.put("recipe", RecipeWriter.toToml(recipe));
        metadata.put("mean", Float.toString(normalization.mean()));
        metadata.put("deviation", Float.toString(normalization.deviation()));
        metadata.put("seed", Long.toString(origin.seed));
        metadata.put("holdout", Boolean.toString(origin.validation == Validation.HELD_OUT));
        metadata.put("redrawn", Boolean.toString(origin.validation == Validation.REDRAWN));
        metadata.put("limit", Integer.toString(origin.limit));
        metadata.put("budgetLifted", Boolean.toString(origin.budgetLifted));
        metadata.put("programVersion", origin.programVersion);
        var tensors = new TreeMap<String, TensorFile.Entry>();
        cut(network.parameters(), parameters, tensors);
        cut(network.statistics(), statistics, tensors);
        return new TensorFile(metadata, tensors);
    }

    /// @throws UserError where there is no such file, or it is not one that [#write] wrote
    public static Model read(Path path) {
        return of("reading the model " + path, TensorFile.read("the model", path));
    }

    /// @param subject how an error begins
    static Model of(String subject, TensorFile file) {
        var facts = new Facts(subject, file.metadata());
        String format = facts.text("format");
        if (format.startsWith("checkpoint ")) {
            throw new UserError(subject + ": this is a run's checkpoint, not a model; give the model.safetensors beside"
                    + " it, which a finished run has");
        }
        if (!format.equals(FORMAT)) {
            throw new UserError(subject + ": its format is " + format + ", and this program reads " + FORMAT
                    + "; use the version of the program that wrote it");
        }
        Recipe recipe = RecipeReader.parse(subject, facts.text("recipe"));
        Network network = recipe.build();
        requireNames(subject, network, file);
        float[] parameters = join(subject, network.parameters(), network.parameterCount(), file);
        float[] statistics = join(subject, network.statistics(), network.statisticCount(), file);
        try {
            var origin = new Origin(
                    facts.value("seed", Long::parseLong),
                    Validation.of(
                            facts.value("holdout", Boolean::parseBoolean),
                            facts.value("redrawn", Boolean::parseBoolean)),
                    facts.value("limit", Integer::parseInt),
                    facts.value("budgetLifted", Boolean::parseBoolean),
                    facts.text("programVersion"));
            var normalization = new Normalization(
                    facts.value("mean", Float::parseFloat), facts.value("deviation", Float::parseFloat));
            return new Model(recipe, normalization, parameters, statistics, origin);
        } catch (IllegalArgumentException e) {
            throw new UserError(subject + ": its " + e.getMessage() + "; train it again", e);
        }
    }

    /// The network with its shapes.
    public Network network() {
        return recipe.build();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Model that
                && recipe.equals(that.recipe)
                && normalization.equals(that.normalization)
                && Arrays.equals(parameters, that.parameters)
                && Arrays.equals(statistics, that.statistics)
                && origin.equals(that.origin);
    }

    @Override
    public int hashCode() {
        return Objects.hash(recipe, normalization, Arrays.hashCode(parameters), Arrays.hashCode(statistics), origin);
    }

    private static void cut(List<Tensor> tensors, float[] vector, SortedMap<String, TensorFile.Entry> entries) {
        for (Tensor tensor : tensors) {
            entries.put(
                    tensor.name(),
                    new TensorFile.Entry(
                            tensor.shape(),
                            Arrays.copyOfRange(vector, tensor.offset(), tensor.offset() + tensor.elements())));
        }
    }

    private static float[] join(String subject, List<Tensor> tensors, int length, TensorFile file) {
        float[] vector = new float[length];
        for (Tensor tensor : tensors) {
            TensorFile.Entry entry = Objects.requireNonNull(file.tensors().get(tensor.name()));
            if (!entry.shape().equals(tensor.shape())) {
                throw new UserError(subject + ": its tensor " + tensor.name() + " is " + entry.shape()
                        + ", and its network's is " + tensor.shape() + "; train it again");
            }
            System.arraycopy(entry.values(), 0, vector, tensor.offset(), entry.values().length);
        }
        return vector;
    }

    private static void requireNames(String subject, Network network, TensorFile file) {
        var expected = new HashSet<String>();
        network.parameters().forEach(tensor -> expected.add(tensor.name()));
        network.statistics().forEach(tensor -> expected.add(tensor.name()));
        for (String name : expected) {
            if (!file.tensors().containsKey(name)) {
                throw new UserError(
                        subject + ": it has no tensor " + name + ", which its network needs; train it again");
            }
        }
        for (String name : file.tensors().keySet()) {
            if (!expected.contains(name)) {
                throw new UserError(subject + ": its network has no tensor " + name + "; train it again");
            }
        }
    }

    /// The metadata, each fact being there and what it should be.
    private record Facts(String subject, SortedMap<String, String> metadata) {
        String text(String key) {
            String text = metadata.get(key);
            if (text == null) {
                throw new UserError(subject + ": its metadata do not say its " + key
                        + ", so it is not a model of this program; give one that training wrote");
            }
            return text;
        }

        <T> T value(String key, Function<String, T> parser) {
            try {
                return parser.apply(text(key));
            } catch (NumberFormatException e) {
                throw new UserError(
                        subject + ": its " + key + " is \"" + text(key) + "\", expected a number; train it again", e);
            }
        }
    }
}
