package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.UserError;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Devices;
import io.mnist20k.files.ShellWord;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.report.Report;
import io.mnist20k.train.Checkpoint;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.Trainer;
import io.mnist20k.train.TrainingResult;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "train",
        description = {
            "Trains a recipe and writes the run directory: recipe.toml, metrics.jsonl, model.safetensors, checkpoint,"
                    + " report.html, log.txt.",
            "The accuracy is that of the last epoch's model on the test files, or with --holdout on held-out training"
                    + " images."
        })
final class TrainCommand implements Callable<Integer> {
    private static final String RUNS = "runs";

    @Mixin
    private DeviceOptions device = new DeviceOptions();

    @Mixin
    private DataOptions data = new DataOptions();

    @Mixin
    private RecipeOptions recipe = new RecipeOptions();

    @Option(
            names = "--epochs",
            paramLabel = "N",
            converter = OptionValues.Epochs.class,
            description = "Instead of the recipe's.")
    private @Nullable Integer epochs;

    @Option(
            names = "--batch",
            paramLabel = "N",
            converter = OptionValues.Batch.class,
            description = "Images per step, instead of the recipe's.")
    private @Nullable Integer batch;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = OptionValues.Seed.class,
            description = "Decides every random choice. Default: 1.")
    private @Nullable Long seed;

    @Mixin
    private ExtentOptions extent = new ExtentOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            converter = OptionValues.FilePath.class,
            description = "The run directory. Default: a new one in " + RUNS + "/.")
    private @Nullable Path out;

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            converter = OptionValues.FilePath.class,
            description = "Resume the stopped run in DIR as it was started; needs no other option.")
    private @Nullable Path resume;

    @Option(
            names = "--require",
            paramLabel = "ACCURACY",
            converter = OptionValues.Accuracy.class,
            description = "Exit with 3 if the accuracy is below this fraction, such as 0.994.")
    private @Nullable Double require;

    @Option(names = "--json", description = "Print one JSON object, and everything else on standard error.")
    private boolean json;

    @Option(names = "--quiet", description = "Print only the closing line.")
    private boolean quiet;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (resume != null && out != null) {
            throw new ParameterException(
                    spec.commandLine(), "--out " + out + ": a resumed run stays in its own folder, --resume " + resume);
        }
        return resume == null ? begin() : goOn(resume);
    }

    private int begin() {
        var settings = new RunSettings(
                recipe.read("default", overrides()),
                seed == null ? 1 : seed,
                extent.validation(Validation.TEST),
                extent.limit(0),
                extent.noBudget(),
                data.folderName());
        Devices.Choice choice = device.choose();
        Split files = data.open().load(settings.validation());
        try (RunDirectory directory = out != null
                ? RunDirectory.create(out)
                : RunDirectory.createUnder(Path.of(RUNS), settings.recipe().name(), settings.seed())) {
            return train(settings, choice, files, directory);
        }
    }

    private int goOn(Path path) {
        try (RunDirectory directory = RunDirectory.reopen(path)) {
            Checkpoint stopped = directory.checkpoint().orElseThrow();
            RunSettings then = stopped.settings();
            Path kept = path.resolve(RunDirectory.RECIPE);
            // What contradicts the run, such as its recipe edited, is refused by the trainer, which knows what it was.
            var settings = new RunSettings(
                    Files.exists(kept) ? read(kept) : recipe.read(then.recipe(), overrides()),
                    seed == null ? then.seed() : seed,
                    extent.validation(then.validation()),
                    extent.limit(then.limit()),
                    extent.noBudget() || then.budgetLifted(),
                    data.folder() != null ? data.folderName() : then.dataFolder());
            Devices.Choice choice = device.chooseAgain(stopped.device());
            Path folder = data.folder() != null ? data.folder() : dataFolder(path, then);
            // As the run began; asked for anew, another validation is refused by the trainer too.
            Split files = data.open(folder).load(then.validation());
            return train(settings, choice, files, directory);
        }
    }

    private Recipe read(Path kept) {
        try {
            RecipeReader.read(kept.toString(), List.of());
        } catch (UserError e) {
            throw new UserError(
                    e.getMessage() + "; delete this file, and the run resumes with the recipe in its checkpoint", e);
        }
        return recipe.read(kept.toString(), overrides());
    }

    /// Where a run had its images; null for the cache.
    private static @Nullable Path dataFolder(Path run, RunSettings then) {
        if (then.dataFolder().isEmpty()) {
            return null;
        }
        Path folder = Path.of(then.dataFolder());
        if (Files.notExists(folder)) {
            throw new UserError("resuming " + run + ": its images were in " + folder
                    + ", and that folder is gone; say with --data where they are");
        }
        return folder;
    }

    /// The options that stand for a key of the recipe.
    private List<String> overrides() {
        var overrides = new ArrayList<String>();
        if (epochs != null) {
            overrides.add("epochs=" + epochs);
        }
        if (batch != null) {
            overrides.add("batch=" + batch);
        }
        return overrides;
    }

    private int train(RunSettings settings, Devices.Choice choice, Split files, RunDirectory directory) {
        CommandLine command = spec.commandLine();
        PrintWriter lines = quiet ? new PrintWriter(Writer.nullWriter()) : json ? command.getErr() : command.getOut();
        try (var stop = new StopRequest(command.getErr());
                var log = new RunLog(arguments())) {
            try {
                TrainingResult result;
                try (var console = new TrainingConsole(lines, command.getErr(), !quiet, choice.reason())) {
                    var listeners = new Listeners(List.of(console, log));
                    result = new Trainer(choice.engine(), settings, files, directory, listeners, stop).run();
                }
                return switch (result) {
                    case TrainingResult.Stopped stopped -> stopped(stopped, stop, log);
                    case TrainingResult.Finished finished -> finished(finished, directory, log);
                };
            } catch (RuntimeException | Error e) {
                log.write(e);
                throw e;
            }
        }
    }

    private List<String> arguments() {
        return spec.root().commandLine().getParseResult().originalArgs();
    }

    private int stopped(TrainingResult.Stopped stopped, StopRequest stop, RunLog log) {
        String line = "stopped by %s in epoch %s after %s of its steps; resume with: mnist20k train --resume %s"
                .formatted(
                        stop,
                        stopped.epoch(),
                        stopped.stepsDone(),
                        ShellWord.of(stopped.directory().toString()));
        log.write(line);
        spec.commandLine().getErr().println(line);
        return stop.exitCode();
    }

    private int finished(TrainingResult.Finished finished, RunDirectory directory, RunLog log) {
        String line = "%s of %s right, %s wrong, after %s and %s%s; the run is in %s"
                .formatted(
                        Units.percent(finished.finalAccuracy()),
                        Units.counted(
                                finished.evaluation().count(),
                                finished.settings().validation() + " image"),
                        Units.count(finished.evaluation().errors()),
                        Units.counted(finished.epochs().size(), "epoch"),
                        Units.duration(finished.trainSeconds()),
                        finished.settings().budgetLifted() ? ", over budget" : "",
                        Printable.of(finished.directory().toString()));
        log.write(line);
        directory.writeReport(Report.html(finished));
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? Json.line(TrainAnswer.of(finished)) : line);
        if (out.checkError()) {
            throw new UserError("writing to standard output failed; the run is done, and this prints its answer again:"
                    + " mnist20k train --resume "
                    + ShellWord.of(finished.directory().toString()) + (json ? " --json" : ""));
        }
        if (require != null && finished.finalAccuracy() < require) {
            spec.commandLine()
                    .getErr()
                    .println("mnist20k: --require " + require + ": the accuracy is only " + finished.finalAccuracy()
                            + "; try another seed or recipe");
            return Failures.REQUIREMENT_MISSED;
        }
        return ExitCode.OK;
    }
}
