package io.mnist20k.train;

import io.mnist20k.UserError;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.SessionState;
import io.mnist20k.model.TensorFile;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/// Everything it takes to go on with a run as if it had never stopped. Random numbers need nothing: they are
/// functions of the seed and of how far the run is.
///
/// @param images         SHA-256 of images and labels, training and validation, in hexadecimal
/// @param trainingImages an epoch
/// @param device         `cuda`, `cpu` or `reference`; on another the run goes on, but not to the same bits
public record Checkpoint(
        RunSettings settings, String images, int trainingImages, String device, Progress progress, SessionState state) {
    private static final String FORMAT = "checkpoint 1";
    private static final String PARAMETERS = "parameters";
    private static final String STATISTICS = "statistics";
    private static final String AVERAGED_PARAMETERS = "averaged_parameters";
    private static final String AVERAGED_STATISTICS = "averaged_statistics";
    private static final String SLOT = "optimizer.";

    /// What the metadata hold besides format and recipe.
    private record Run(
            long seed,
            boolean holdout,
            boolean redrawn,
            int limit,
            boolean budgetLifted,
            String dataFolder,
            String images,
            int trainingImages,
            String device,
            long updates,
            Progress progress) {
        boolean isWhole() {
            return Stream.of(dataFolder, images, device, progress).allMatch(Objects::nonNull)
                    && dataFolder.indexOf(0) < 0
                    && !(holdout && redrawn)
                    && updates >= 0
                    && progress.isPossible();
        }
    }

    /// @throws UserError where it cannot be written; the one before is still there then
    void write(Path path) {
        var run = new Run(
                settings.seed(),
                settings.validation() == Validation.HELD_OUT,
                settings.validation() == Validation.REDRAWN,
                settings.limit(),
                settings.budgetLifted(),
                settings.dataFolder(),
                images,
                trainingImages,
                device,
                state.updates(),
                progress);
        var metadata = new TreeMap<String, String>();
        metadata.put("format", FORMAT);
        metadata.put("recipe", RecipeWriter.toToml(settings.recipe()));
        metadata.put("run", Json.MAPPER.writeValueAsString(run));
        var tensors = new TreeMap<String, TensorFile.Entry>();
        tensors.put(PARAMETERS, TensorFile.Entry.of(state.parameters()));
        tensors.put(STATISTICS, TensorFile.Entry.of(state.statistics()));
        tensors.put(AVERAGED_PARAMETERS, TensorFile.Entry.of(state.averagedParameters()));
        tensors.put(AVERAGED_STATISTICS, TensorFile.Entry.of(state.averagedStatistics()));
        for (int i = 0; i < state.slots().size(); i++) {
            tensors.put(SLOT + i, TensorFile.Entry.of(state.slots().get(i)));
        }
        new TensorFile(metadata, tensors).write(path);
    }

    /// @throws UserError where there is none, or it is not one that [#write] wrote
    static Checkpoint read(Path path) {
        TensorFile file = TensorFile.read("the checkpoint", path);
        String format = file.metadata().getOrDefault("format", "unknown");
        if (!format.startsWith("checkpoint ") && file.metadata().containsKey("classes")) {
            throw new UserError("reading the checkpoint " + path + ": this is a model, from which no run can resume;"
                    + " put the run's checkpoint there, or begin a new run without --resume");
        }
        if (!format.equals(FORMAT)) {
            throw new UserError("reading the checkpoint " + path + ": its format is " + format
                    + ", and this program reads " + FORMAT + "; use the version of the program that wrote it");
        }
        Recipe recipe =
                RecipeReader.parse("the checkpoint " + path, file.metadata().getOrDefault("recipe", ""));
        Run run;
        try {
            run = Json.MAPPER.readValue(file.metadata().getOrDefault("run", ""), Run.class);
        } catch (JacksonException e) {
            throw unusable(path, "its description of the run cannot be read (" + e.getOriginalMessage() + ")", e);
        }
        if (run == null || !run.isWhole()) { // as JSON may have it
            throw unusable(path, "its description of the run cannot be right", null);
        }
        requirePossible(path, recipe, run);
        var settings = new RunSettings(
                recipe, run.seed, Validation.of(run.holdout, run.redrawn), run.limit, run.budgetLifted, run.dataFolder);
        return new Checkpoint(
                settings, run.images, run.trainingImages, run.device, run.progress, state(path, recipe, run, file));
    }

    private static void requirePossible(Path path, Recipe recipe, Run run) {
        Progress progress = run.progress;
        int steps = run.trainingImages < 1 ? 0 : Epoch.steps(run.trainingImages, recipe.batch());
        if (progress.epochsDone() > recipe.epochs() || progress.step() < 0 || progress.step() >= steps) {
            throw unusable(
                    path,
                    "it is after epoch " + progress.epochsDone() + " of " + recipe.epochs() + " and step "
                            + progress.step() + " of " + steps,
                    null);
        }
    }

    private static SessionState state(Path path, Recipe recipe, Run run, TensorFile file) {
        int parameters = recipe.build().parameterCount();
        int statistics = recipe.build().statisticCount();
        boolean averages = recipe.averagingDecay() > 0;
        int slotCount = recipe.optimizer().slots();
        var slots = new ArrayList<float[]>();
        for (int i = 0; i < slotCount; i++) {
            slots.add(vector(path, file, SLOT + i, parameters));
        }
        return new SessionState(
                run.updates,
                vector(path, file, PARAMETERS, parameters),
                vector(path, file, STATISTICS, statistics),
                slots,
                vector(path, file, AVERAGED_PARAMETERS, averages ? parameters : 0),
                vector(path, file, AVERAGED_STATISTICS, averages ? statistics : 0));
    }

    private static float[] vector(Path path, TensorFile file, String name, int length) {
        TensorFile.Entry entry = file.tensors().get(name);
        if (entry == null || entry.values().length != length) {
            throw unusable(
                    path,
                    "it has " + (entry == null ? "no" : Integer.toString(entry.values().length)) + " numbers for "
                            + name + ", and its recipe needs " + length,
                    null);
        }
        return entry.values();
    }

    private static UserError unusable(Path path, String found, @Nullable Exception cause) {
        return new UserError("reading the checkpoint " + path + ": " + found + "; begin the run anew", cause);
    }

    /// Refuses to go on with another run than the one that was stopped.
    ///
    /// @param images the SHA-256 of what is to be trained and validated on now
    /// @throws UserError naming what is not the same
    void requireSame(Path directory, RunSettings now, String images) {
        requireSameRecipe(directory, now.recipe());
        requireSame(directory, "seed", settings.seed(), now.seed());
        requireSame(directory, "validation (--holdout, --redraw)", settings.validation(), now.validation());
        requireSame(directory, "limit", settings.limit(), now.limit());
        requireSame(directory, "dataset (SHA-256 of its images and labels)", this.images, images);
    }

    /// Names the first line of the recipe that is another.
    private void requireSameRecipe(Path directory, Recipe now) {
        List<String> then = RecipeWriter.toToml(settings.recipe()).lines().toList();
        List<String> asked = RecipeWriter.toToml(now).lines().toList();
        // Recipes of different lengths differ before the shorter one ends.
        for (int i = 0; i < Math.min(then.size(), asked.size()); i++) {
            requireSame(directory, "recipe", then.get(i).strip(), asked.get(i).strip());
        }
    }

    private static void requireSame(Path directory, String what, Object then, Object now) {
        if (!then.equals(now)) {
            throw new UserError("resuming " + directory + ": its " + what + " was " + then + " and is now " + now
                    + "; resume with what it was started with, or begin a new run");
        }
    }
}
