package io.mnist20k.engine;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.SampleOrder;
import io.mnist20k.engine.reference.Margins;
import io.mnist20k.engine.reference.ReferenceEngine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the reference engine does with a case, step by step, on data where no rounding can decide anything.
///
/// @param states   before the first step and after each
/// @param lossSums one a step
/// @param correct  one a step
record ReferenceRun(
        ContractCase test,
        Dataset dataset,
        Epoch epoch,
        List<SessionState> states,
        List<Double> lossSums,
        List<Integer> correct) {
    /// A share of the root mean square: fifty roundings of single precision. The values decided upon are sums of
    /// fewer than 500 terms, which stray by less than 0.4 √500 = 9 roundings (one deviation).
    private static final double MARGIN = 50 * 0x1p-24;

    /// The same where images are distorted: each coordinate of 28 pixels rounds by up to 28 · 2^-24, thrice, and from
    /// one pixel to the next the image may change by its whole range, three times its deviation.
    private static final double DISTORTED_MARGIN = 400 * 0x1p-24;

    /// What has to be left of each layer's gradients, in units of what random signs leave of the
    /// longest sum: 1 / √T.
    private static final double LEFT = 1.5;

    private static final int ATTEMPTS = 1000;

    /// Part of the counters of masks and distortions; not 0, to see that it is.
    private static final int EPOCH = 3;

    /// Draws data and weights until a run keeps its distance from every jump of a derivative, and no
    /// layer's gradients cancel to mostly rounding. What a convolution makes of the images' black
    /// margin depends on weights alone.
    static ReferenceRun of(ContractCase test, long seed) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ReferenceRun run = attempt(test, seed + 1000L * attempt);
            if (run.states.size() == run.epoch.steps() + 1) {
                return run;
            }
        }
        throw new IllegalStateException(test + ": rounding would decide in each of " + ATTEMPTS + " attempts");
    }

    /// A run that ends before the first step that comes too near.
    private static ReferenceRun attempt(ContractCase test, long seed) {
        Dataset dataset = Synthetic.images(seed, test.images());
        double least = test.distorts() ? DISTORTED_MARGIN : MARGIN;
        var run = new ReferenceRun(
                test, dataset, epoch(test, seed), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        try (Session session = new ReferenceEngine().open(test.network(), test.training())) {
            session.restore(Synthetic.state(test.network(), test.seeded(seed).training(), seed));
            run.states.add(session.state());
            for (int step = 0; step < run.epoch.steps(); step++) {
                Margins margins =
                        Margins.of(test.network(), test.training(), run.states.getLast(), dataset, run.epoch, step);
                if (margins.decision() < least || margins.left() < LEFT / Math.sqrt(test.longestSum())) {
                    break;
                }
                session.train(dataset, from(run.epoch, step), (_, lossSum, correct) -> {
                    run.lossSums.add(lossSum);
                    run.correct.add(correct);
                    return false;
                });
                run.states.add(session.state());
            }
        }
        return run;
    }

    /// A shuffled epoch over all images whose learning rate falls.
    static Epoch epoch(ContractCase test, long seed) {
        int batch = test.training().batch();
        float[] rates = new float[Epoch.steps(test.images(), batch)];
        for (int step = 0; step < rates.length; step++) {
            rates[step] = (float) (test.training().optimizer().lr() / (step + 1));
        }
        return new Epoch(EPOCH, 0, batch, SampleOrder.of(seed, EPOCH, test.images()), rates);
    }

    /// The same epoch, begun at a later step.
    static Epoch from(Epoch epoch, int firstStep) {
        return new Epoch(epoch.epoch(), firstStep, epoch.batch(), epoch.order(), epoch.learningRates());
    }

    /// The same epoch, begun at a step and ended after it.
    static Epoch only(Epoch epoch, int step) {
        int images = Math.min((step + 1) * epoch.batch(), epoch.order().length);
        int[] order = Arrays.copyOf(epoch.order(), images);
        return new Epoch(epoch.epoch(), step, epoch.batch(), order, Arrays.copyOf(epoch.learningRates(), step + 1));
    }
}
