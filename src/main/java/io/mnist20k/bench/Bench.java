package io.mnist20k.bench;

import io.mnist20k.UserError;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.SampleOrder;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Profiled;
import io.mnist20k.engine.Roofline;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Recipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;

/// Trains and evaluates a recipe's network on made-up images, for nothing but the time it takes.
///
/// @param rounds  measured, after a warm-up as long as [#WARM_UP_ROUNDS] of them and until they get no faster
/// @param seconds that a round takes, about
/// @param layers  whether to look into a step as well
public record Bench(Engine engine, Recipe recipe, int rounds, double seconds, boolean layers) {
    /// The least.
    public static final int WARM_UP_ROUNDS = 3;

    /// A round so much faster than all before it is still a warm-up.
    private static final double FASTER = 1.03;

    /// As in MNIST's training files, so that gathering a batch misses caches as it does there.
    private static final int IMAGES = 60_000;

    /// Bounds the memory that the order of a round takes.
    private static final int MOST_IMAGES_A_ROUND = 1 << 24;

    private static final long SEED = 1;

    /// @throws UserError where the engine does not say where its time goes, and is asked to
    public Measured run() {
        Network network = recipe.build();
        Dataset images = MadeUpImages.of(IMAGES);
        try (Session session = engine.open(network, training(images))) {
            if (layers && !(session instanceof Profiled)) {
                throw new UserError("bench --layers: the engine " + engine.name()
                        + " does not say where its time goes; use --device cpu");
            }
            session.restore(SessionState.initial(network, recipe.initialization(), training(images)));
            Roofline roofline = engine instanceof Roofline.Source source ? source.roofline() : null;
            Round train = warm(steps -> training(session, images, steps));
            var training = new Rate(rates(train), network.trainingMultiplyAdds());
            List<LayerTime> times = layers ? layerTimes((Profiled) session, train) : List.of();
            var inference = new Rate(rates(warm(steps -> inference(session, images, steps))), network.multiplyAdds());
            return new Measured(network, training, inference, roofline, times);
        }
    }

    private Training training(Dataset images) {
        return Training.of(recipe, SEED, images.normalization());
    }

    /// Work that is done again and again, and the images in it.
    private record Round(int images, Runnable work) {
        double seconds() {
            long start = System.nanoTime();
            work.run();
            return Math.max(1, System.nanoTime() - start) * 1e-9;
        }
    }

    /// The learning rate is 0, so that every round computes with the same weights.
    private Round training(Session session, Dataset images, int steps) {
        int[] shuffled = SampleOrder.of(SEED, 0, images.count());
        int[] order = new int[steps * recipe.batch()];
        Arrays.setAll(order, i -> shuffled[i % shuffled.length]);
        var epoch = new Epoch(0, 0, recipe.batch(), order, new float[steps]);
        return new Round(order.length, () -> session.train(images, epoch, (_, _, _) -> true));
    }

    private Round inference(Session session, Dataset images, int steps) {
        int wanted = steps * recipe.batch();
        int times = Math.ceilDiv(wanted, images.count());
        Dataset some = images.first(wanted);
        return new Round(times * some.count(), () -> {
            for (int i = 0; i < times; i++) {
                session.logits(some);
            }
        });
    }

    /// Runs ever more steps until the JVM has had its time and rounds get no faster.
    private Round warm(IntFunction<Round> ofSteps) {
        int most = Math.max(1, MOST_IMAGES_A_ROUND / recipe.batch());
        int steps = 1;
        Round round = ofSteps.apply(steps);
        double total = 0;
        double best = 0; // steps a second
        while (true) {
            double took = round.seconds();
            double rate = steps / took;
            total += took;
            if (total >= WARM_UP_ROUNDS * seconds && rate < FASTER * best) {
                round = ofSteps.apply((int) Math.clamp(rate * seconds, 1, most));
                round.work.run(); // devices get its images now
                return round;
            }
            best = Math.max(best, rate);
            if (took < seconds / 2 && steps < most) {
                steps = Math.min(2 * steps, most);
                round = ofSteps.apply(steps);
            }
        }
    }

    private List<Double> rates(Round round) {
        var rates = new ArrayList<Double>();
        for (int i = 0; i < rounds; i++) {
            rates.add(round.images / round.seconds());
        }
        return rates;
    }

    /// Of the round that takes the middle of all times, so that the pieces are of one whole.
    private List<LayerTime> layerTimes(Profiled session, Round round) {
        var profiles = new ArrayList<List<Profiled.Time>>();
        for (int i = 0; i < rounds; i++) {
            profiles.add(session.profile(round.work));
        }
        profiles.sort(Comparator.comparingLong(
                profile -> profile.stream().mapToLong(Profiled.Time::nanos).sum()));
        return profiles.get(rounds / 2).stream()
                .map(time -> new LayerTime(time.work(), (double) time.nanos() / round.images))
                .toList();
    }
}
