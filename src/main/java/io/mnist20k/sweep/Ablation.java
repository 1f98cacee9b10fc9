package io.mnist20k.sweep;

import io.mnist20k.network.Layer;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Optimizer;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.Schedule;
import java.util.ArrayList;
import java.util.List;

/// A recipe with one ingredient changed at a time and all else left as it is: what each is worth to it. An
/// ingredient that the recipe lacks has no variant, but for deskewing, label smoothing and Muon, which are then put in.
public final class Ablation {
    /// What Szegedy et al. (2016), who came up with it, smoothed by.
    private static final double LABEL_SMOOTHING = 0.1;

    private static final int LONGEST_NAME = 60;

    private final Recipe recipe;
    private final List<Recipe> variants = new ArrayList<>();

    private Ablation(Recipe recipe) {
        this.recipe = recipe;
    }

    /// The recipe itself, and its variants, called by what they are without.
    public static List<Recipe> of(Recipe recipe) {
        return new Ablation(recipe).variants();
    }

    private List<Recipe> variants() {
        variants.add(recipe);
        var complete = new Ingredients(
                recipe.deskew(),
                recipe.network(),
                recipe.optimizer(),
                recipe.schedule(),
                recipe.averagingDecay(),
                recipe.augmentation(),
                recipe.labelSmoothing());
        add(recipe.deskew() ? "without deskewing" : "with deskewing", complete.withDeskewing(!recipe.deskew()));
        add("without augmentation", complete.with(Augmentation.NONE));
        add("without dropout", complete.with(withoutDropout(recipe.network())));
        add("without averaging", complete.withAveraging(0));
        if (recipe.labelSmoothing() > 0) {
            add("without label smoothing", complete.withSmoothing(0));
        } else {
            add("with label smoothing " + LABEL_SMOOTHING, complete.withSmoothing(LABEL_SMOOTHING));
        }
        add("without batch normalisation", complete.with(withoutBatchNorm(recipe.network())));
        add("without 1×1 convolutions", complete.with(withoutPointwise(recipe.network())));
        add("without " + recipe.schedule().type(), complete.with(new Schedule.Constant()));
        if (recipe.network().stream().anyMatch(Layer.Conv.class::isInstance)) {
            switch (recipe.optimizer()) {
                case Optimizer.Muon muon -> add("without muon", complete.with(muon.rest()));
                case Optimizer.AdamW adam ->
                    add("with muon", complete.with(new Optimizer.Muon(Optimizer.Muon.MOMENTUM, adam)));
                case Optimizer.Sgd _ -> {}
            }
        }
        return List.copyOf(variants);
    }

    /// What of a recipe is taken out.
    private record Ingredients(
            boolean deskew,
            List<Layer> network,
            Optimizer optimizer,
            Schedule schedule,
            double averaging,
            Augmentation augmentation,
            double smoothing) {
        Ingredients withDeskewing(boolean other) {
            return new Ingredients(other, network, optimizer, schedule, averaging, augmentation, smoothing);
        }

        Ingredients with(List<Layer> other) {
            return new Ingredients(deskew, other, optimizer, schedule, averaging, augmentation, smoothing);
        }

        Ingredients with(Optimizer other) {
            return new Ingredients(deskew, network, other, schedule, averaging, augmentation, smoothing);
        }

        Ingredients with(Schedule other) {
            return new Ingredients(deskew, network, optimizer, other, averaging, augmentation, smoothing);
        }

        Ingredients with(Augmentation other) {
            return new Ingredients(deskew, network, optimizer, schedule, averaging, other, smoothing);
        }

        Ingredients withAveraging(double other) {
            return new Ingredients(deskew, network, optimizer, schedule, other, augmentation, smoothing);
        }

        Ingredients withSmoothing(double other) {
            return new Ingredients(deskew, network, optimizer, schedule, averaging, augmentation, other);
        }
    }

    /// Where it makes a difference.
    private void add(String change, Ingredients left) {
        String base =
                recipe.name().substring(0, Math.min(LONGEST_NAME, recipe.name().length()));
        Recipe variant = variant(base + " " + change, left);
        if (!variant(recipe.name(), left).equals(recipe)) {
            variants.add(variant);
        }
    }

    private Recipe variant(String name, Ingredients left) {
        return new Recipe(
                name,
                recipe.epochs(),
                recipe.batch(),
                left.deskew(),
                left.network(),
                recipe.initialization(),
                left.optimizer(),
                left.schedule(),
                left.averaging(),
                left.augmentation(),
                left.smoothing(),
                recipe.engine());
    }

    private static List<Layer> withoutDropout(List<Layer> network) {
        return network.stream().filter(layer -> !isDropout(layer)).toList();
    }

    private static boolean isDropout(Layer layer) {
        return layer instanceof Layer.Dropout || layer instanceof Layer.Dropout2d;
    }

    /// The layer before gets the biases that the normalisation's shifts made needless.
    private static List<Layer> withoutBatchNorm(List<Layer> network) {
        var left = new ArrayList<Layer>();
        for (Layer layer : network) {
            if (!(layer instanceof Layer.BatchNorm)) {
                left.add(layer);
            } else if (!left.isEmpty()) {
                left.add(biased(left.removeLast()));
            }
        }
        return left;
    }

    private static Layer biased(Layer layer) {
        return switch (layer) {
            case Layer.Conv c -> new Layer.Conv(c.out(), c.kernel(), c.stride(), c.padding(), true);
            case Layer.Dense d -> new Layer.Dense(d.out(), true);
            default -> layer;
        };
    }

    /// Without the convolutions that only mix channels, and what belongs to each: its normalisation, ReLU and
    /// dropout. One that gives the scores stays, since something has to.
    private static List<Layer> withoutPointwise(List<Layer> network) {
        int scores = 0;
        for (int i = 0; i < network.size(); i++) {
            if (network.get(i) instanceof Layer.Conv || network.get(i) instanceof Layer.Dense) {
                scores = i;
            }
        }
        var left = new ArrayList<Layer>();
        boolean dropping = false;
        for (int i = 0; i < network.size(); i++) {
            Layer layer = network.get(i);
            boolean belongs = layer instanceof Layer.BatchNorm || layer instanceof Layer.Relu || isDropout(layer);
            dropping = (i < scores && isPointwise(layer)) || (dropping && belongs);
            if (!dropping) {
                left.add(layer);
            }
        }
        return left;
    }

    private static boolean isPointwise(Layer layer) {
        return layer instanceof Layer.Conv c && c.kernel() == 1 && c.stride() == 1;
    }
}
