import io.mnist20k.data.Download;
import io.mnist20k.data.MnistFolder;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.Engine;
import io.mnist20k.model.Model;
import io.mnist20k.model.onnx.OnnxModel;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.Trainer;
import io.mnist20k.train.TrainingListener;
import io.mnist20k.train.TrainingResult;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/// A network of one's own, as `mnist20k train` would train it, within ten minutes: `TrainOwnNetwork RUN_FOLDER
/// [DATA_FOLDER]`
final class TrainOwnNetwork {
    /// `docs/RECIPES.md` has all keys; `RecipeReader.read("default", List.of("epochs=3"))` takes a recipe of the
    /// program, or of a file, and changes it.
    private static final String RECIPE = """
            name = "my own"
            epochs = 2
            batch = 64
            network = [
                { type = "conv", out = 8, kernel = 3 },
                { type = "batchnorm" },
                { type = "relu" },
                { type = "maxpool", kernel = 2 },
                { type = "conv", out = 16, kernel = 3 },
                { type = "batchnorm" },
                { type = "relu" },
                { type = "maxpool", kernel = 2 },
                { type = "conv", out = 16, kernel = 3 },
                { type = "batchnorm" },
                { type = "relu" },
                { type = "dropout", rate = 0.1 },
                { type = "conv", out = 10, kernel = 1, bias = true },
                { type = "globalavgpool" },
                { type = "softmax" },
            ]
            [schedule]
            type = "one-cycle"
            """;

    static void main(String[] args) {
        MnistFolder files = args.length > 1
                ? MnistFolder.at(Path.of(args[1]))
                : MnistFolder.cache(Download.fromPublicMirrors((_, _) -> {}));
        Recipe recipe = RecipeReader.parse("my recipe", RECIPE);
        Engine engine = Devices.choose("auto", Runtime.getRuntime().availableProcessors())
                .engine();
        Instant end = Instant.now().plus(Duration.ofMinutes(10));
        try (RunDirectory run = RunDirectory.create(Path.of(args[0]))) {
            var trainer = new Trainer(
                    engine,
                    RunSettings.of(recipe, 7),
                    files.load(),
                    run,
                    new Console(),
                    () -> Instant.now().isAfter(end));
            switch (trainer.run()) {
                case TrainingResult.Finished finished -> {
                    IO.println(finished.finalAccuracy() + " of the test images right");
                    Model model = Model.read(run.path().resolve(RunDirectory.MODEL));
                    OnnxModel.write(model, run.path().resolve("model.onnx"));
                }
                case TrainingResult.Stopped stopped ->
                    IO.println("stopped in epoch " + stopped.epoch() + "; RunDirectory.reopen goes on with it");
            }
        }
    }

    private static final class Console implements TrainingListener {
        @Override
        public void started(Start start) {
            IO.println(start.network().parameterCount() + " parameters, on " + start.deviceName());
        }

        @Override
        public void epochDone(EpochRecord epoch) {
            IO.println("epoch " + epoch.epoch() + ": " + epoch.validationAccuracy());
        }
    }
}
