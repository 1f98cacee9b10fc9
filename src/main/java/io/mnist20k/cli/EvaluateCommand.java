package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.UserError;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Devices;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.model.Model;
import io.mnist20k.predict.Predictor;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "evaluate", description = "Measures a saved model on the test files: accuracy, loss, confusion matrix.")
final class EvaluateCommand implements Runnable {
    @Mixin
    private ModelOptions model = new ModelOptions();

    @Mixin
    private DataOptions data = new DataOptions();

    @Mixin
    private DeviceOptions device = new DeviceOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// @param loss      mean, nats
    /// @param confusion `[truth][prediction]` counts
    private record Answer(double accuracy, double loss, int count, int errors, int[][] confusion) {}

    @Override
    public void run() {
        Model trained = model.read();
        if (trained.origin().validation() == Validation.REDRAWN) {
            throw new UserError(
                    "evaluating " + model.path() + ": it was trained on a re-drawn split, so it has seen images of"
                            + " the test files; its accuracy is in the metrics.jsonl beside it");
        }
        Dataset test = data.open().loadTest();
        Devices.Choice choice = device.choose();
        Evaluation evaluation = Evaluation.of(test, logits(trained, test, choice));
        if (!Double.isFinite(evaluation.loss())) {
            throw new UserError("evaluating " + model.path() + ": its loss on the test images is " + evaluation.loss()
                    + ", so its weights are too large to compute with; train it again");
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(
                    out,
                    new Answer(
                            evaluation.accuracy(),
                            evaluation.loss(),
                            evaluation.count(),
                            evaluation.errors(),
                            evaluation.confusion()));
        } else {
            print(out, choice, evaluation);
        }
    }

    private static float[] logits(Model trained, Dataset test, Devices.Choice choice) {
        try (var predictor = new Predictor(trained, choice.engine())) {
            return predictor.logits(test);
        }
    }

    private void print(PrintWriter out, Devices.Choice choice, Evaluation evaluation) {
        out.println("device: " + choice.reason());
        out.println();
        int classes = evaluation.confusion().length;
        String[] headings = new String[classes + 1];
        headings[0] = "truth \\ predicted";
        for (int k = 0; k < classes; k++) {
            headings[k + 1] = Integer.toString(k);
        }
        var table = new TextTable(headings);
        for (int truth = 0; truth < classes; truth++) {
            String[] row = new String[classes + 1];
            row[0] = Integer.toString(truth);
            for (int k = 0; k < classes; k++) {
                int count = evaluation.confusion()[truth][k];
                row[k + 1] = count == 0 ? "·" : Units.count(count);
            }
            table.row(row);
        }
        table.lines().forEach(out::println);
        out.println();
        out.println(String.format(
                Locale.ROOT,
                "%s of %s right, %s wrong; loss %.4f",
                Units.percent(evaluation.accuracy()),
                Units.counted(evaluation.count(), "test image"),
                Units.count(evaluation.errors()),
                evaluation.loss()));
    }
}
