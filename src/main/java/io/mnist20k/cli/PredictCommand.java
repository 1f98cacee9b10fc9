package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.model.Model;
import io.mnist20k.predict.Picture;
import io.mnist20k.predict.Prediction;
import io.mnist20k.predict.Predictor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "predict",
        description =
                "Says which digit a picture shows, and how sure the model is: PNG or JPEG of nearly any size, dark on"
                        + " light or light on dark. One of 28x28 pixels is taken as it is, any other fitted like"
                        + " MNIST's.")
final class PredictCommand implements Runnable {
    @Mixin
    private ModelOptions model = new ModelOptions();

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "IMAGE",
            converter = OptionValues.FilePath.class,
            description = "A picture of one digit.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<Path> images;

    @Mixin
    private DeviceOptions device = new DeviceOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private record Answer(List<OfImage> predictions) {}

    /// @param probability   of the digit, 0..1
    /// @param probabilities of 0 to 9
    private record OfImage(String image, int digit, double probability, double[] probabilities) {}

    @Override
    public void run() {
        Model trained = model.read();
        List<byte[]> digits =
                images.stream().map(image -> Picture.read(image).digit()).toList();
        List<Prediction> predictions;
        try (var predictor = new Predictor(trained, device.choose().engine())) {
            predictions = predictor.predict(digits);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(
                    out,
                    new Answer(IntStream.range(0, images.size())
                            .mapToObj(i -> ofImage(images.get(i), predictions.get(i)))
                            .toList()));
        } else {
            print(out, predictions);
        }
    }

    private static OfImage ofImage(Path image, Prediction prediction) {
        return new OfImage(image.toString(), prediction.digit(), prediction.probability(), prediction.probabilities());
    }

    private void print(PrintWriter out, List<Prediction> predictions) {
        var table = new TextTable("<image", "digit", "probability", "next", "its probability");
        for (int i = 0; i < images.size(); i++) {
            Prediction prediction = predictions.get(i);
            int next = prediction.next();
            table.row(
                    images.get(i).toString(),
                    Integer.toString(prediction.digit()),
                    Units.percent(prediction.probability()),
                    Integer.toString(next),
                    Units.percent(prediction.probabilities()[next]));
        }
        table.lines().forEach(out::println);
    }
}
