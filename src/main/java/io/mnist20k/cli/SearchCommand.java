package io.mnist20k.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.mnist20k.Units;
import io.mnist20k.UserError;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.files.AtomicFile;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.sweep.Candidate;
import io.mnist20k.sweep.Row;
import io.mnist20k.sweep.Rungs;
import io.mnist20k.sweep.Search;
import io.mnist20k.sweep.SearchSpace;
import io.mnist20k.sweep.Sweep;
import io.mnist20k.train.Budget;
import io.mnist20k.train.RunSettings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "search",
        description = {
            "Looks for the best of many recipes by successive halving: all run a few seeds, the better ones run more, and"
                    + " so on.",
            "Judges by held-out training images; the test files are not opened. Finished runs are not repeated, and"
                    + " stopped ones are resumed."
        })
final class SearchCommand implements Callable<Integer> {
    /// The winner's recipe, in the search's folder.
    private static final String BEST = "best.toml";

    @Option(
            names = "--vary",
            paramLabel = "KEY=VALUE,VALUE,...",
            converter = OptionValues.VariedKey.class,
            description =
                    "A key of the recipe and the values to try, such as optimizer.lr=0.005,0.01,0.02; several keys"
                            + " give all combinations.")
    private List<SearchSpace.Varied> varied = new ArrayList<>();

    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            converter = OptionValues.RecipeName.class,
            description = "A built-in recipe or a TOML file to start from; may be repeated. Default: default.")
    private List<String> recipes = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            converter = OptionValues.Setting.class,
            description = "Override a key of all recipes.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--draw",
            paramLabel = "N",
            converter = OptionValues.Count.class,
            description = "Try N combinations drawn at random, by --seed, instead of all.")
    private @Nullable Integer draw;

    @Option(
            names = "--rungs",
            paramLabel = "N,N,...",
            converter = OptionValues.RungList.class,
            description = "Seeds that every candidate has run at each rung. Enough go on to give each rung about as"
                    + " many runs as the one before, old ones included. Default: ${DEFAULT-VALUE}.")
    private Rungs rungs = new Rungs(List.of(1, 2, 4, 8));

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = OptionValues.Seed.class,
            description = "The first seed; the others follow it. Default: 1.")
    private long seed = 1;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            converter = OptionValues.FilePath.class,
            required = true,
            description = "Where the runs' folders go, and the winner as " + BEST + ". Required.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Mixin
    private DeviceOptions device = new DeviceOptions();

    @Mixin
    private DataOptions data = new DataOptions();

    @Mixin
    private SizeOptions size = new SizeOptions();

    @Option(names = "--json", description = "Print one JSON object, and everything else on standard error.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// What `--json` prints.
    private record Answer(List<RungAnswer> rungs, Standing best) {}

    private record RungAnswer(int seeds, int goOn, List<Standing> standings) {
        static RungAnswer of(Search.Rung rung) {
            return new RungAnswer(
                    rung.seeds(),
                    rung.goOn(),
                    rung.standings().stream().map(Standing::of).toList());
        }
    }

    private record Standing(
            String origin,
            List<String> changes,
            @JsonUnwrapped Row row) {
        static Standing of(Search.Standing standing) {
            Candidate candidate = standing.candidate();
            return new Standing(candidate.origin(), candidate.changes(), standing.row());
        }
    }

    @Override
    public Integer call() {
        requireSeeds();
        List<Candidate> candidates = candidates();
        String dataFolder = data.folderName();
        // The first rung has the most runs that are left to do.
        DeviceOptions.ForRuns device =
                this.device.chooseForRuns(candidates.size() * rungs.seeds().getFirst());
        Split images = data.open().load(Validation.HELD_OUT);
        PrintWriter err = spec.commandLine().getErr();
        PrintWriter lines = json ? err : spec.commandLine().getOut();
        lines.println("%s, %s at a time, on %s"
                .formatted(
                        Units.counted(candidates.size(), "candidate"),
                        Units.counted(device.atATime(), "run"),
                        device.choice().reason()));
        try (var stop = new StopRequest(err)) {
            var sweep = new Sweep(out, images, device.choice().engine(), device.atATime(), stop);
            var search = new Search(sweep, rungs, seed, size.limit(0), size.noBudget(), dataFolder);
            List<Search.Rung> done =
                    search.run(candidates, new Progress(lines, err, varied, names(candidates), device.atATime()));
            if (done.isEmpty()) {
                err.println(
                        stop.getAsBoolean()
                                ? "stopped by %s; the same command continues the search".formatted(stop)
                                : "mnist20k: search: a run failed, and without it nothing can be chosen; remove the"
                                        + " cause given above, and the same command continues");
                return stop.getAsBoolean() ? stop.exitCode() : ExitCode.SOFTWARE;
            }
            requireOneThatLearns(done.getLast());
            tell(done);
            return ExitCode.OK;
        }
    }

    private void requireSeeds() {
        if (seed > Long.MAX_VALUE - rungs.seeds().getLast() + 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--seed %s is followed by too few seeds for --rungs %s; give a smaller one".formatted(seed, rungs));
        }
    }

    private List<Candidate> candidates() {
        SearchSpace space;
        try {
            space = new SearchSpace(recipes.isEmpty() ? List.of("default") : recipes, overrides, varied);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--vary has " + e.getMessage() + "; vary fewer keys or values", e);
        }
        List<Candidate> all = draw == null ? space.all() : space.draw(draw, seed);
        List<Candidate> allowed = size.noBudget()
                ? all
                : all.stream()
                        .filter(candidate -> !Budget.isExceeded(
                                candidate.recipe().build().parameterCount(),
                                candidate.recipe().epochs()))
                        .toList();
        if (allowed.size() < all.size()) {
            spec.commandLine()
                    .getErr()
                    .println("%s of %s candidates are over budget and left out; --no-budget lets them in"
                            .formatted(all.size() - allowed.size(), all.size()));
        }
        if (allowed.size() < 2) {
            throw new ParameterException(
                    spec.commandLine(),
                    "search needs at least two candidates and has " + allowed.size()
                            + "; give more with --vary or --recipe");
        }
        return allowed;
    }

    private static Map<Recipe, String> names(List<Candidate> candidates) {
        var names = new HashMap<Recipe, String>();
        candidates.forEach(candidate -> names.put(candidate.recipe(), candidate.toString()));
        return names;
    }

    private static void requireOneThatLearns(Search.Rung last) {
        if (last.best().row().runs() == 0) {
            throw new UserError("choosing the best candidate: all runs of all remaining candidates diverged; try"
                    + " lower learning rates, such as --vary optimizer.lr=0.001,0.01");
        }
    }

    private void tell(List<Search.Rung> rungs) {
        Search.Standing best = rungs.getLast().best();
        Path file = out.resolve(BEST);
        AtomicFile.write(file, RecipeWriter.toToml(best.candidate().recipe()));
        PrintWriter answer = spec.commandLine().getOut();
        if (json) {
            Json.print(answer, new Answer(rungs.stream().map(RungAnswer::of).toList(), Standing.of(best)));
        } else {
            Row row = best.row();
            answer.println();
            answer.println("best: %s; %s %% over %s; its recipe is in %s"
                    .formatted(
                            best.candidate(),
                            SweepTable.percent(row.mean())
                                    + (row.runs() < 2 ? "" : " ± " + SweepTable.percent(row.deviation())),
                            Units.counted(row.runs(), "seed"),
                            file));
        }
    }

    /// A heading, the runs and a table for each rung.
    private record Progress(
            PrintWriter lines, PrintWriter err, List<SearchSpace.Varied> varied, Map<Recipe, String> names, int atATime)
            implements Search.Listener {
        @Override
        public Sweep.Listener begins(int number, int candidates, int seeds, List<RunSettings> runs) {
            lines.println();
            lines.println("rung %s: %s × %s"
                    .formatted(number, Units.counted(candidates, "candidate"), Units.counted(seeds, "seed")));
            return new SweepProgress(
                    lines, err, run -> names.getOrDefault(run.recipe(), ""), runs.size(), atATime, System::nanoTime);
        }

        @Override
        public void done(Search.Rung rung) {
            lines.println();
            SearchTable.of(varied, rung).lines().forEach(lines::println);
            lines.flush();
        }
    }
}
