import io.mnist20k.data.Dataset;
import io.mnist20k.data.Download;
import io.mnist20k.data.MnistFolder;
import io.mnist20k.data.SampleOrder;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.nio.file.Path;
import java.util.List;

/// A training loop of one's own, one room below the program's: no files, a learning rate that starts anew with
/// every epoch, and whatever else nobody has thought of. `OwnLoop [DATA_FOLDER]`
final class OwnLoop {
    private static final long SEED = 7;
    private static final int EPOCHS = 3;

    static void main(String[] args) {
        MnistFolder files = args.length > 0
                ? MnistFolder.at(Path.of(args[0]))
                : MnistFolder.cache(Download.fromPublicMirrors((_, _) -> {}));
        Split split = Split.holdout(files.load(Validation.HELD_OUT).train());
        Dataset images = split.train();

        Recipe recipe = RecipeReader.read("sprint", List.of("optimizer.type=adamw", "optimizer.lr=0.01"));
        Network network = recipe.build();
        var training = Training.of(recipe, SEED, images.normalization());

        Engine engine = Devices.choose("auto", Runtime.getRuntime().availableProcessors())
                .engine();
        try (Session session = engine.open(network, training)) {
            session.restore(SessionState.initial(network, recipe.initialization(), training));
            for (int epoch = 0; epoch < EPOCHS; epoch++) {
                int[] order = SampleOrder.of(SEED, epoch, images.count());
                var plan = new Epoch(epoch, 0, recipe.batch(), order, learningRates(recipe, order.length));
                var sum = new double[1];
                session.train(images, plan, (_, loss, _) -> {
                    sum[0] += loss;
                    return true; // false would stop
                });
                Evaluation held = Evaluation.of(split.validation(), session.logits(split.validation()));
                IO.println(
                        "epoch " + (epoch + 1) + ": loss " + sum[0] / order.length + ", held out " + held.accuracy());
            }
            SessionState trained = session.state(); // every number of it, to look at, to keep or to go on from
            IO.println(trained.updates() + " updates of " + trained.parameters().length + " parameters");
        }
    }

    /// Down to nothing within each epoch, by half a cosine.
    private static float[] learningRates(Recipe recipe, int samples) {
        float[] rates = new float[Epoch.steps(samples, recipe.batch())];
        for (int step = 0; step < rates.length; step++) {
            rates[step] = (float) (recipe.optimizer().lr() * (1 + Math.cos(Math.PI * step / rates.length)) / 2);
        }
        return rates;
    }
}
