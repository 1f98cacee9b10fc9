package io.mnist20k.cli;

import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.files.AtomicFile;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.report.IntervalChart;
import io.mnist20k.sweep.Ablation;
import io.mnist20k.sweep.Results;
import io.mnist20k.sweep.Row;
import io.mnist20k.sweep.RunResult;
import io.mnist20k.sweep.Seeds;
import io.mnist20k.sweep.Shard;
import io.mnist20k.sweep.Sweep;
import io.mnist20k.train.RunSettings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "sweep",
        synopsisSubcommandLabel = "[merge|table]",
        description = {
            "Trains every recipe with every seed, and prints the mean, deviation, minimum and 95 %% interval of the"
                    + " accuracies.",
            "Each run has a folder of its own; finished runs are not repeated, and stopped ones are resumed."
        })
final class SweepCommand implements Callable<Integer> {
    @Option(
            names = "--seeds",
            paramLabel = "A..B",
            converter = OptionValues.SeedRange.class,
            description = "The seeds from A to B, both included, or one. Required.")
    private @Nullable Seeds seeds;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            converter = OptionValues.FilePath.class,
            description = "Where the runs' folders go. Required.")
    private @Nullable Path out;

    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            converter = OptionValues.RecipeName.class,
            description = "A built-in recipe or a TOML file; may be repeated. Default: default.")
    private List<String> recipes = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            converter = OptionValues.Setting.class,
            description = "Override a key of all recipes, such as name=\"slow\" and optimizer.lr=0.005.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--ablation",
            description =
                    "Also every recipe with one ingredient changed at a time: without augmentation, dropout, averaging,"
                            + " batch normalisation, 1×1 convolutions, its schedule; without deskewing, label smoothing,"
                            + " Muon, or with those of them that it lacks.")
    private boolean ablation;

    @Option(
            names = "--shard",
            paramLabel = "I/N",
            converter = OptionValues.ShardNumber.class,
            description = "Do only the I-th of N equal shares of the runs, and the others elsewhere; sweep merge joins"
                    + " their folders.")
    private Shard shard = Shard.ALL;

    @Mixin
    private DeviceOptions device = new DeviceOptions();

    @Mixin
    private DataOptions data = new DataOptions();

    @Mixin
    private ExtentOptions extent = new ExtentOptions();

    @Option(names = "--json", description = "Print one JSON object, and everything else on standard error.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// What `--json` prints.
    private record Answer(int runs, List<Row> rows) {}

    @Override
    public Integer call() {
        if (seeds == null || out == null) {
            throw new ParameterException(spec.commandLine(), "sweep needs --seeds A..B and --out DIR");
        }
        List<RunSettings> runs = shard.of(plan(seeds));
        DeviceOptions.ForRuns device = this.device.chooseForRuns(runs.size());
        Split files = data.open().load(extent.validation(Validation.TEST));
        PrintWriter err = spec.commandLine().getErr();
        var progress = new SweepProgress(
                json ? err : spec.commandLine().getOut(),
                err,
                run -> run.recipe().name(),
                runs.size(),
                device.atATime(),
                System::nanoTime);
        progress.begins(device);
        try (var stop = new StopRequest(err)) {
            var sweep = new Sweep(out, files, device.choice().engine(), device.atATime(), stop);
            boolean complete = sweep.run(runs, progress);
            if (progress.anyDone()) {
                tell(Results.merge(out), json);
            } else if (json && runs.isEmpty()) { // the share of a shard of too many
                Json.print(spec.commandLine().getOut(), new Answer(0, List.of()));
            }
            if (!complete && stop.getAsBoolean()) {
                err.println("stopped by %s; the same command continues the sweep".formatted(stop));
                return stop.exitCode();
            }
            return complete ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    /// The first seed of every recipe, then the second: what is done at any moment is comparable. A recipe that is
    /// given twice is one.
    private List<RunSettings> plan(Seeds all) {
        List<Recipe> variants = (recipes.isEmpty() ? List.of("default") : recipes)
                .stream()
                        .map(name -> RecipeReader.read(name, overrides))
                        .flatMap(recipe -> ablation ? Ablation.of(recipe).stream() : Stream.of(recipe))
                        .distinct()
                        .toList();
        return all.stream()
                .boxed()
                .flatMap(seed -> variants.stream()
                        .map(recipe -> new RunSettings(
                                recipe,
                                seed,
                                extent.validation(Validation.TEST),
                                extent.limit(0),
                                extent.noBudget(),
                                data.folderName())))
                .toList();
    }

    @Command(
            name = "merge",
            description = "Joins the runs of shards: reads every finished run below DIR, each once, writes them to"
                    + " runs.jsonl there and prints the table.")
    int merge(
            @Parameters(
                            paramLabel = "DIR",
                            converter = OptionValues.FilePath.class,
                            description = "A sweep's folder, or one that holds the folders of shards.")
                    Path folder,
            @Option(names = "--json", description = "Print one JSON object.") boolean asJson) {
        refuseOptionsOfSweep("merge", Set.of("--json", "--verbose"));
        tell(Results.merge(folder), asJson || json);
        return ExitCode.OK;
    }

    private void tell(Results results, boolean asJson) {
        PrintWriter answer = spec.commandLine().getOut();
        if (asJson) {
            Json.print(answer, new Answer(results.runs().size(), results.rows()));
        } else {
            SweepTable.of(results.rows()).lines().forEach(answer::println);
        }
    }

    @Command(name = "table", description = "Prints the results of sweeps as a Markdown table, and can draw them.")
    int table(
            @Parameters(
                            paramLabel = "FILE|DIR",
                            arity = "1..*",
                            converter = OptionValues.FilePath.class,
                            description = "A runs.jsonl or a sweep's folder.")
                    List<Path> places,
            @Option(names = "--each", description = "A line per run instead of one per variant.") boolean each,
            @Option(
                            names = "--plot",
                            paramLabel = "FILE",
                            converter = OptionValues.FilePath.class,
                            description = "Draw runs, means and 95 %% intervals of all variants as SVG.")
                    @Nullable
                    Path plot) {
        refuseOptionsOfSweep("table", Set.of("--verbose"));
        Results results = Results.read(
                "making a table of " + places.stream().map(Path::toString).collect(Collectors.joining(", ")), places);
        if (plot != null) {
            AtomicFile.write(plot, chart(results).svg());
        }
        TextTable table = each ? SweepTable.ofRuns(results.runs()) : SweepTable.forPage(results.rows());
        table.markdown().forEach(spec.commandLine().getOut()::println);
        return ExitCode.OK;
    }

    /// What stands before `merge` or `table` is an option of `sweep` itself.
    private void refuseOptionsOfSweep(String command, Set<String> but) {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!but.contains(option.longestName())) {
                throw new ParameterException(
                        spec.commandLine(),
                        option.longestName() + " is an option of sweep, and sweep " + command
                                + " does not take it; leave it out");
            }
        }
    }

    private static IntervalChart chart(Results results) {
        var chart = new IntervalChart("accuracy", "%");
        for (Row row : results.rows()) {
            chart.line(
                    Printable.of(row.recipe()),
                    percents(results.runs(row).stream().map(RunResult::finalAccuracy)),
                    percents(Stream.of(row).map(Row::halfWidth95)).stream()
                            .findFirst()
                            .orElse(0.0));
        }
        return chart;
    }

    private static List<Double> percents(Stream<@Nullable Double> fractions) {
        return fractions.filter(Objects::nonNull).map(f -> 100 * f).toList();
    }
}
