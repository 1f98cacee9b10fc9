package io.mnist20k.recipe;

import static io.mnist20k.recipe.OutOfRangeException.requireBelow;
import static io.mnist20k.recipe.OutOfRangeException.requireWithin;

import java.util.List;

/// How the learning rate moves during a run, as a factor of the optimiser's `lr`. Every schedule is a pure function
/// of the step and of the losses so far, so a resumed run needs no state of it. Constructors refuse values out of
/// range with an [IllegalArgumentException] naming the key, its value and its range.
public sealed interface Schedule {
    /// The word for this schedule in recipes.
    String type();

    /// The learning rate of one step, relative to the optimiser's `lr`.
    ///
    /// @param step           from 0, counted over all epochs, less than `totalSteps`
    /// @param totalSteps     of the whole run, at least 1
    /// @param stepsPerEpoch  at least 1
    /// @param trainingLosses mean training loss of each finished epoch, at least of those before this step; never a
    ///                       loss of the test files
    /// @return 0..1
    double factor(long step, long totalSteps, int stepsPerEpoch, List<Double> trainingLosses);

    /// Always 1.
    record Constant() implements Schedule {
        @Override
        public String type() {
            return "constant";
        }

        @Override
        public double factor(long step, long totalSteps, int stepsPerEpoch, List<Double> trainingLosses) {
            return 1;
        }
    }

    /// Up and down in two half cosines (Smith and Topin, 2018; the cosine legs are those of PyTorch's
    /// `OneCycleLR`). With p = step / (totalSteps - 1):
    ///
    /// ```
    /// p < warmup:  start + (1 - start) (1 - cos(π p / warmup)) / 2
    /// p ≥ warmup:  end + (1 - end) (1 + cos(π (p - warmup) / (1 - warmup))) / 2
    /// ```
    ///
    /// @param warmup share of all steps on the way up, 0 ≤ w < 1
    /// @param start  factor of the first step where there is a way up, 0..1
    /// @param end    factor of the last step, 0..1
    record OneCycle(double warmup, double start, double end) implements Schedule {
        public OneCycle {
            requireBelow("warmup", warmup, 0, 1);
            requireWithin("start", start, 0, 1);
            requireWithin("end", end, 0, 1);
        }

        @Override
        public String type() {
            return "one-cycle";
        }

        @Override
        public double factor(long step, long totalSteps, int stepsPerEpoch, List<Double> trainingLosses) {
            double progress = (double) step / Math.max(1, totalSteps - 1);
            return progress < warmup
                    ? halfCosine(start, 1, progress / warmup)
                    : halfCosine(1, end, (progress - warmup) / (1 - warmup));
        }
    }

    /// A straight line up (Goyal et al., 2017), then half a cosine down (Loshchilov and Hutter, 2017, equation 5,
    /// without restarts). With w = round(warmup · totalSteps), less where two steps would not be
    /// left for the way down:
    ///
    /// ```
    /// step < w:  (step + 1) / (w + 1)
    /// step ≥ w:  end + (1 - end) (1 + cos(π (step - w) / (totalSteps - 1 - w))) / 2
    /// ```
    ///
    /// @param warmup share of all steps on the way up, 0 ≤ w < 1
    /// @param end    factor of the last step, 0..1
    record Cosine(double warmup, double end) implements Schedule {
        public Cosine {
            requireBelow("warmup", warmup, 0, 1);
            requireWithin("end", end, 0, 1);
        }

        @Override
        public String type() {
            return "cosine";
        }

        @Override
        public double factor(long step, long totalSteps, int stepsPerEpoch, List<Double> trainingLosses) {
            long rising = Math.clamp(Math.round(warmup * totalSteps), 0, Math.max(0, totalSteps - 2));
            return step < rising
                    ? (step + 1.0) / (rising + 1.0)
                    : halfCosine(1, end, (double) (step - rising) / Math.max(1, totalSteps - 1 - rising));
        }
    }

    /// Multiplied by `factor` after every `every` epochs: `factor` to the power floor(epoch / every).
    ///
    /// @param every  epochs, at least 1
    /// @param factor 0..1
    record Step(int every, double factor) implements Schedule {
        public Step {
            requireWithin("every", every, 1, Recipe.MAX_EPOCHS);
            requireWithin("factor", factor, 0, 1);
        }

        @Override
        public String type() {
            return "step";
        }

        @Override
        public double factor(long step, long totalSteps, int stepsPerEpoch, List<Double> trainingLosses) {
            long reductions = step / stepsPerEpoch / every;
            return StrictMath.pow(factor, (double) reductions);
        }
    }

    /// Multiplied by `factor` each time the mean training loss has gone more than `patience` epochs without falling
    /// by at least [#IMPROVEMENT] of its best (PyTorch's `ReduceLROnPlateau` with its default threshold).
    ///
    /// @param factor   0..1
    /// @param patience epochs without improvement that are let pass, at least 0
    record Plateau(double factor, int patience) implements Schedule {
        /// Relative improvement that counts as one.
        public static final double IMPROVEMENT = 1e-4;

        public Plateau {
            requireWithin("factor", factor, 0, 1);
            requireWithin("patience", patience, 0, Recipe.MAX_EPOCHS);
        }

        @Override
        public String type() {
            return "plateau";
        }

        @Override
        public double factor(long step, long totalSteps, int stepsPerEpoch, List<Double> trainingLosses) {
            long finished = step / stepsPerEpoch;
            if (trainingLosses.size() < finished) {
                throw new IllegalArgumentException("step " + step + " needs the losses of " + finished
                        + " epochs, found " + trainingLosses.size());
            }
            double best = Double.POSITIVE_INFINITY;
            int waited = 0;
            int reductions = 0;
            for (double loss : trainingLosses.subList(0, (int) finished)) {
                if (loss < best * (1 - IMPROVEMENT)) {
                    best = loss;
                    waited = 0;
                } else if (++waited > patience) {
                    reductions++;
                    waited = 0;
                }
            }
            return StrictMath.pow(factor, reductions);
        }
    }

    /// From `from` at t = 0 to `to` at t = 1.
    private static double halfCosine(double from, double to, double t) {
        return to + (from - to) * (1 + StrictMath.cos(Math.PI * t)) / 2;
    }
}
