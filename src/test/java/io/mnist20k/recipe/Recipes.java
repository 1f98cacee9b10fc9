package io.mnist20k.recipe;

import io.mnist20k.network.Layer;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/// All recipes there can be, or nearly.
final class Recipes {
    private Recipes() {}

    static Arbitrary<Recipe> any() {
        Arbitrary<List<Object>> scalars = Combinators.combine(
                        names(), integers(1, Recipe.MAX_EPOCHS), integers(1, Recipe.MAX_BATCH), share(), share())
                .as((name, epochs, batch, decay, smoothing) -> List.of(name, epochs, batch, decay, smoothing));
        return Combinators.combine(
                        scalars,
                        networks(),
                        Arbitraries.of(Initialization.values()),
                        optimizers(),
                        schedules(),
                        augmentations(),
                        Combinators.combine(Arbitraries.of(true, false), engines())
                                .as(List::<Object>of))
                .as((s, network, initialization, optimizer, schedule, augmentation, rest) -> new Recipe(
                        (String) s.get(0),
                        (Integer) s.get(1),
                        (Integer) s.get(2),
                        (Boolean) rest.get(0),
                        network,
                        initialization,
                        optimizer,
                        schedule,
                        (Double) s.get(3),
                        augmentation,
                        (Double) s.get(4),
                        (EngineSettings) rest.get(1)));
    }

    static Arbitrary<Schedule> schedules() {
        return Arbitraries.oneOf(
                Arbitraries.just(new Schedule.Constant()),
                Combinators.combine(share(), numbers(0, 1), numbers(0, 1)).as(Schedule.OneCycle::new),
                Combinators.combine(share(), numbers(0, 1)).as(Schedule.Cosine::new),
                Combinators.combine(integers(1, 30), numbers(0, 1)).as(Schedule.Step::new),
                Combinators.combine(numbers(0, 1), integers(0, 5)).as(Schedule.Plateau::new));
    }

    private static Arbitrary<Optimizer> optimizers() {
        return Arbitraries.oneOf(
                Combinators.combine(numbers(0, 100), share(), Arbitraries.of(true, false), numbers(0, 10))
                        .as(Optimizer.Sgd::new),
                adamW(),
                Combinators.combine(share(), adamW()).as(Optimizer.Muon::new));
    }

    private static Arbitrary<Optimizer.AdamW> adamW() {
        return Combinators.combine(numbers(0, 100), beta(), beta(), numbers(1e-12, 1), numbers(0, 10))
                .as(Optimizer.AdamW::new);
    }

    private static Arbitrary<Augmentation> augmentations() {
        return Combinators.combine(numbers(0, 180), numbers(0, 0.9), numbers(0, 2), numbers(0, 28))
                .as(Augmentation::new);
    }

    private static Arbitrary<EngineSettings> engines() {
        return Combinators.combine(Arbitraries.of(Precision.values()), Arbitraries.of(Kernels.values()))
                .as(EngineSettings::new);
    }

    /// Layers that fit wherever they stand, then a head that fits any of them.
    private static Arbitrary<List<Layer>> networks() {
        Arbitrary<Layer> layer = Arbitraries.oneOf(
                Combinators.combine(integers(1, 64), integers(0, 3), integers(1, 2), Arbitraries.of(true, false))
                        .as((out, half, stride, bias) -> new Layer.Conv(out, 2 * half + 1, stride, half, bias)),
                Combinators.combine(numbers(1e-12, 1), numbers(1e-6, 1)).as(Layer.BatchNorm::new),
                Arbitraries.just(new Layer.Relu()),
                integers(1, 3).map(stride -> new Layer.MaxPool(1, stride)),
                numbers(0, 0.95).map(Layer.Dropout::new),
                numbers(0, 0.95).map(Layer.Dropout2d::new),
                Arbitraries.of(new Layer.GlobalAvgPool(), new Layer.GlobalMaxPool()),
                Combinators.combine(integers(1, 64), Arbitraries.of(true, false))
                        .as(Layer.Dense::new));
        return layer.list().ofMaxSize(12).map(body -> {
            var all = new ArrayList<>(body);
            all.add(new Layer.Dense(10, true));
            all.add(new Layer.Softmax());
            return List.copyOf(all);
        });
    }

    private static Arbitrary<String> names() {
        return Arbitraries.strings()
                .withChars("aZ09 \"'\\#=[]{}.,é数\u2028\u00A0")
                .ofMinLength(1)
                .ofMaxLength(100)
                .filter(name -> !name.isBlank());
    }

    private static Arbitrary<Integer> integers(int low, int high) {
        return Arbitraries.integers().between(low, high);
    }

    private static Arbitrary<Double> share() {
        return numbers(0, Math.nextDown(1.0));
    }

    private static Arbitrary<Double> beta() {
        return numbers(0, Optimizer.AdamW.MOST_BETA);
    }

    /// Of all magnitudes, down to the least; most generators stop after a few decimals.
    private static Arbitrary<Double> numbers(double low, double high) {
        Arbitrary<Double> small = Arbitraries.integers()
                .between(-1074, -1)
                .map(exponent -> Math.clamp(Math.scalb(1.9, exponent), low, high));
        return Arbitraries.oneOf(
                Arbitraries.longs()
                        .between(0, 1L << 53)
                        .map(n -> Math.clamp(low + (high - low) * n / 0x1p53, low, high)),
                Arbitraries.of(low, high, Math.clamp(0.1, low, high), Math.clamp(1e-4, low, high)),
                small);
    }
}
