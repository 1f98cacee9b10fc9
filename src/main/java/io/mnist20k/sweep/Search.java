package io.mnist20k.sweep;

import io.mnist20k.UserError;
import io.mnist20k.data.Validation;
import io.mnist20k.train.RunSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Successive halving (Karnin, Koren, Somekh: *Almost Optimal Exploration in Multi-Armed Bandits*, ICML 2013;
/// Jamieson and Talwalkar, AISTATS 2016) whose resource is seeds: all candidates run a few, the better ones run more,
/// and so on rung by rung. Every run is as long as its recipe says, since a schedule cut or pressed into fewer
/// epochs is another experiment, and what wins it is another recipe.
///
/// Each rung keeps the runs of the one before. All candidates are judged by the same held-out training images with
/// the same seeds, and what was run decides everything, so a search that is begun again goes on where it was.
public final class Search {
    private final Sweep sweep;
    private final Rungs rungs;
    private final long firstSeed;
    private final int limit;
    private final boolean budgetLifted;
    private final String dataFolder;
    private final Map<RunSettings, RunResult> results = new HashMap<>();

    /// @param firstSeed    of every candidate; the others follow it
    /// @param limit        to train on the first so many training images only; 0 for all
    /// @param budgetLifted whether candidates may take more than the budget
    /// @param dataFolder   as of [RunSettings]
    public Search(Sweep sweep, Rungs rungs, long firstSeed, int limit, boolean budgetLifted, String dataFolder) {
        this.sweep = sweep;
        this.rungs = rungs;
        this.firstSeed = firstSeed;
        this.limit = limit;
        this.budgetLifted = budgetLifted;
        this.dataFolder = dataFolder;
    }

    /// Where a candidate stands on a rung.
    ///
    /// @param row all its seeds so far
    public record Standing(Candidate candidate, Row row) {}

    /// What a rung came to.
    ///
    /// @param seeds     of every candidate
    /// @param standings best first: fewest runs that diverged, then the higher mean accuracy, then the lower mean
    ///                  loss, then as they were given
    /// @param goOn      how many of the first go on to the next rung; 0 where there is none
    public record Rung(int seeds, List<Standing> standings, int goOn) {
        public Standing best() {
            return standings.getFirst();
        }
    }

    /// Told how the search goes on.
    public interface Listener {
        /// @param number from 1
        /// @param runs   of all candidates together, those that are finished already among them
        Sweep.Listener begins(int number, int candidates, int seeds, List<RunSettings> runs);

        void done(Rung rung);
    }

    /// The runs of a rung, the first seed of all candidates before the second.
    ///
    /// @param rung from 0
    private List<RunSettings> runs(int rung, List<Candidate> candidates) {
        return IntStream.range(0, rungs.seeds().get(rung))
                .boxed()
                .flatMap(seed -> candidates.stream().map(candidate -> settings(candidate, firstSeed + seed)))
                .toList();
    }

    private RunSettings settings(Candidate candidate, long seed) {
        return new RunSettings(candidate.recipe(), seed, Validation.HELD_OUT, limit, budgetLifted, dataFolder);
    }

    /// Does what is left to do. It is over with the last rung, or where one candidate alone is left.
    ///
    /// @param candidates at least one
    /// @return all rungs; none where a run was stopped or failed, since then nothing can be chosen
    public List<Rung> run(List<Candidate> candidates, Listener listener) {
        var done = new ArrayList<Rung>();
        List<Candidate> left = candidates;
        for (int number = 0; number < rungs.count() && (number == 0 || left.size() > 1); number++) {
            List<RunSettings> runs = runs(number, left);
            Sweep.Listener heard =
                    listener.begins(number + 1, left.size(), rungs.seeds().get(number), runs);
            if (!sweep.run(runs, new Keeping(heard))) {
                return List.of();
            }
            Rung rung = judge(number, left);
            done.add(rung);
            listener.done(rung);
            left = rung.standings().stream()
                    .limit(rung.goOn())
                    .map(Standing::candidate)
                    .toList();
        }
        return List.copyOf(done);
    }

    private Rung judge(int number, List<Candidate> candidates) {
        int seeds = rungs.seeds().get(number);
        List<Standing> standings = candidates.stream()
                .map(candidate -> new Standing(candidate, row(candidate, seeds)))
                .sorted(Comparator.comparing(Standing::row, BEST_FIRST))
                .toList();
        return new Rung(seeds, standings, rungs.goOn(number, candidates.size()));
    }

    private Row row(Candidate candidate, int seeds) {
        return Row.of(Stream.iterate(firstSeed, seed -> seed + 1)
                .limit(seeds)
                .map(seed -> Objects.requireNonNull(results.get(settings(candidate, seed))))
                .toList());
    }

    static final Comparator<Row> BEST_FIRST = Comparator.comparingInt(Row::diverged)
            .thenComparing(Row::mean, Comparator.nullsLast(Comparator.reverseOrder()))
            .thenComparing(Row::loss, Comparator.nullsLast(Comparator.naturalOrder()));

    /// Keeps every result, and passes on what it hears.
    private final class Keeping implements Sweep.Listener {
        private final Sweep.Listener heard;

        Keeping(Sweep.Listener heard) {
            this.heard = heard;
        }

        @Override
        public void found(RunSettings run, RunResult result) {
            results.put(run, result);
            heard.found(run, result);
        }

        @Override
        public void done(RunSettings run, RunResult result) {
            results.put(run, result);
            heard.done(run, result);
        }

        @Override
        public void failed(RunSettings run, UserError reason) {
            heard.failed(run, reason);
        }
    }
}
