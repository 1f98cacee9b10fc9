package io.mnist20k.sweep;

import io.mnist20k.UserError;
import io.mnist20k.files.AtomicFile;
import io.mnist20k.files.Reason;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.TrainingResult;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/// What one run of a sweep came to: its `result.json`, and a line of the sweep's `runs.jsonl`.
///
/// @param variant         what all seeds of it have in common: see [Variant]
/// @param recipe          its name
/// @param device          `cuda`, `cpu` or `reference`
/// @param data            name of the dataset: `MNIST`, or that of the folder it was read from
/// @param validation      whose images the accuracy is of: `test`, `held-out` or `re-drawn`
/// @param limit           training images, 0 for all
/// @param finalAccuracy   of the last epoch's model, 0..1; null where the run diverged
/// @param bestAccuracy    of the epoch that did best, 0..1; null where the run diverged
/// @param finalLoss       mean of the last epoch's model, nats; null where the run diverged
/// @param trainSeconds    the loop alone, beside whatever else the machine did
/// @param imagesPerSecond training alone, beside whatever else the machine did
public record RunResult(
        String variant,
        String recipe,
        long seed,
        String device,
        String deviceName,
        String data,
        String validation,
        int limit,
        int parameters,
        int epochs,
        int batch,
        @Nullable Double finalAccuracy,
        @Nullable Double bestAccuracy,
        @Nullable Double finalLoss,
        @Nullable Double trainSeconds,
        @Nullable Double imagesPerSecond) {
    /// Its name in the folder of the run. Written last: where it is, the run is done.
    public static final String FILE = "result.json";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(
                    DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final String AGAIN = "delete it and run the sweep again";

    static RunResult of(Variant variant, TrainingResult.Finished run) {
        return of(
                variant,
                run.settings(),
                run.deviceName(),
                run.finalAccuracy(),
                run.bestAccuracy(),
                run.finalLoss(),
                run.trainSeconds(),
                run.imagesPerSecond());
    }

    /// A run whose loss or parameters left the numbers.
    static RunResult diverged(Variant variant, RunSettings settings, String deviceName) {
        return of(variant, settings, deviceName, null, null, null, null, null);
    }

    private static RunResult of(
            Variant variant,
            RunSettings settings,
            String deviceName,
            @Nullable Double finalAccuracy,
            @Nullable Double bestAccuracy,
            @Nullable Double finalLoss,
            @Nullable Double trainSeconds,
            @Nullable Double imagesPerSecond) {
        return new RunResult(
                variant.digest(),
                settings.recipe().name(),
                settings.seed(),
                variant.device(),
                deviceName,
                dataName(settings.dataFolder()),
                settings.validation().toString(),
                settings.limit(),
                settings.recipe().build().parameterCount(),
                settings.recipe().epochs(),
                settings.recipe().batch(),
                finalAccuracy,
                bestAccuracy,
                finalLoss,
                trainSeconds,
                imagesPerSecond);
    }

    private static String dataName(String folder) {
        Path name = Path.of(folder).getFileName();
        return folder.isEmpty() || name == null ? "MNIST" : name.toString();
    }

    public boolean hasDiverged() {
        return finalAccuracy == null;
    }

    /// One line of JSON.
    String toJson() {
        return MAPPER.writeValueAsString(this) + "\n";
    }

    /// @throws UserError where it cannot be written
    void write(Path file) {
        AtomicFile.write(file, toJson());
    }

    /// @throws UserError where it cannot be read, or is not what [#write] wrote
    static RunResult read(Path file) {
        List<RunResult> runs = readAll(file, AGAIN);
        if (runs.size() != 1) {
            throw unusable(file, "it holds " + runs.size() + " runs, not one", AGAIN, null);
        }
        return runs.getFirst();
    }

    /// A line a run.
    ///
    /// @throws UserError where it cannot be read, or is not what [#toJson] gave
    static List<RunResult> readAll(Path file) {
        return readAll(file, "restore it from a copy, write it again with sweep merge, or remove what is damaged");
    }

    private static List<RunResult> readAll(Path file, String remedy) {
        var runs = new ArrayList<RunResult>();
        try {
            for (String line : Files.readAllLines(file)) {
                RunResult run = MAPPER.readValue(line, RunResult.class);
                if (run == null || !run.isPossible()) { // as JSON may have it
                    throw noResult(file, runs.size(), remedy, null);
                }
                runs.add(run);
            }
            return runs;
        } catch (CharacterCodingException e) {
            throw unusable(file, "it is not text", remedy, e);
        } catch (IOException e) {
            throw unusable(file, Reason.of(e), "permit reading it, or " + remedy, e);
        } catch (JacksonException e) {
            throw noResult(file, runs.size(), remedy, e);
        }
    }

    private boolean isPossible() {
        return Stream.of(variant, recipe, device, deviceName, data, validation).allMatch(Objects::nonNull)
                && Math.min(Math.min(parameters, epochs), batch) > 0
                && limit >= 0
                && (hasDiverged()
                        ? numbers().allMatch(Objects::isNull)
                        : numbers().allMatch(RunResult::isNumber))
                && Stream.of(finalAccuracy, bestAccuracy)
                        .filter(Objects::nonNull)
                        .allMatch(share -> share <= 1);
    }

    private Stream<@Nullable Double> numbers() {
        return Stream.of(finalAccuracy, bestAccuracy, finalLoss, trainSeconds, imagesPerSecond);
    }

    private static boolean isNumber(@Nullable Double number) {
        return number != null && number >= 0 && Double.isFinite(number);
    }

    private static UserError noResult(Path file, int linesBefore, String remedy, @Nullable Exception cause) {
        return unusable(file, "line " + (linesBefore + 1) + " is not the result of a run", remedy, cause);
    }

    private static UserError unusable(Path file, String found, String remedy, @Nullable Exception cause) {
        return new UserError("reading " + file + ": " + found + "; " + remedy, cause);
    }

    /// Whether both say the same of the same run; times aside, which are the machine's.
    boolean agreesWith(RunResult other) {
        return withoutTimes().equals(other.withoutTimes());
    }

    private RunResult withoutTimes() {
        return new RunResult(
                variant,
                recipe,
                seed,
                device,
                "",
                "",
                validation,
                limit,
                parameters,
                epochs,
                batch,
                finalAccuracy,
                bestAccuracy,
                finalLoss,
                null,
                null);
    }
}
