package io.mnist20k.engine.cpu;

import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Pass;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.engine.Work;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// A recipe's network compiled for one block of images, after one step, so that all its memory holds numbers like
/// those of training; planes share it, so not always the layer's own.
final class Layers {
    private final Program program;

    /// @param recipe as after `--recipe`
    Layers(String recipe) {
        Recipe read = RecipeReader.read(recipe, List.of());
        Network network = read.build();
        var training = new Training(
                Lanes.COUNT,
                1,
                read.optimizer(),
                read.labelSmoothing(),
                read.averagingDecay(),
                read.augmentation(),
                new Normalization(0.13f, 0.31f),
                read.engine());
        var batch = new Batch(1);
        batch.samples = Lanes.COUNT;
        var state = SessionState.initial(network, read.initialization(), training);
        var weights = new Weights(state.parameters(), state.statistics());
        var gradients = new Gradients(1, network.parameterCount());
        var scratch = new Scratch(1);
        program = new Program(network, training, batch, 1, gradients, weights, scratch, new Clock(1));
        program.memory.allocate();
        scratch.enter(0);
        program.convolutions.forEach(convolution -> convolution.pack(state.parameters()));
        fill(program.input.value());
        run(program.forward);
        fill(program.logits.gradient());
        run(program.backward);
    }

    private static void fill(Planes planes) {
        for (int i = 0; i < planes.shape.elements() * Lanes.COUNT; i++) {
            planes.data[planes.block(0) + i] = (float) Math.sin(i);
        }
    }

    private static void run(List<Program.Phase> phases) {
        for (Program.Phase phase : phases) {
            phase.tasks().forEach(task -> task.body().accept(0));
            phase.atEnd().run();
        }
    }

    /// What a layer does to the block, by passes.
    Map<Pass, Runnable> passes(String layer) {
        var passes = new EnumMap<Pass, Runnable>(Pass.class);
        Stream.concat(program.forward.stream(), program.backward.stream())
                .flatMap(phase -> phase.tasks().stream())
                .filter(task -> isOf(layer, task.lap().work()))
                .forEach(task ->
                        passes.put(task.lap().work().pass(), () -> task.body().accept(0)));
        if (passes.isEmpty()) {
            throw new IllegalArgumentException("the recipe's network has no layer " + layer);
        }
        return passes;
    }

    /// A convolution that normalises its input does the work of other layers, and is not theirs for that.
    private static boolean isOf(String layer, Work work) {
        return work.multiplyAdds() > 0
                ? work.layers().getLast().equals(layer)
                : work.layers().contains(layer);
    }
}
