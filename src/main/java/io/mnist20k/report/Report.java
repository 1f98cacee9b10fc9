package io.mnist20k.report;

import static io.mnist20k.report.Html.escape;
import static io.mnist20k.report.Html.format;

import io.mnist20k.Packed;
import io.mnist20k.Units;
import io.mnist20k.Version;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Stage;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.train.Budget;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.TrainingResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// The page of one run.
public final class Report {
    /// What the project promises; the line in the accuracy chart.
    private static final double GOAL_PERCENT = 99.4;

    private final TrainingResult.Finished run;
    private final RunSettings settings;
    private final Network network;
    private final String imagesName;

    private Report(TrainingResult.Finished run) {
        this.run = run;
        this.settings = run.settings();
        this.network = settings.recipe().build();
        this.imagesName = settings.validation() + " images";
    }

    /// @return a whole HTML document; a function of the run alone
    public static String html(TrainingResult.Finished run) {
        return new Report(run).page();
    }

    private String page() {
        String title = format("Recipe %s, seed %d", escape(settings.recipe().name()), settings.seed());
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <title>mnist20k: %s</title>
                <style>
                %s</style>
                </head>
                <body>
                <header>
                <h1>%s</h1>
                <p>%s</p>
                </header>
                <main>
                %s
                <section><h2>Learning curves</h2>
                <p>%s</p>
                <div class="charts">
                %s</div>
                </section>
                <section><h2>Confusion matrix</h2>
                %s</section>
                <section><h2>Mistakes</h2>
                %s</section>
                <section><h2>Network</h2>
                %s</section>
                <section><h2>Recipe</h2>
                <pre tabindex="0" role="region" aria-label="Recipe">%s</pre>
                </section>
                </main>
                <footer><p>Made by mnist20k %s.</p></footer>
                </body>
                </html>
                """.formatted(
                        title,
                        Packed.text(Report.class, "report.css"),
                        title,
                        introduction(),
                        figures(),
                        aboutTheCurves(),
                        charts(),
                        ConfusionMatrix.html(run.evaluation().confusion()),
                        Mistakes.html(run.validation(), run.validationLogits()),
                        networkTable(),
                        escape(RecipeWriter.toToml(settings.recipe()).strip()),
                        Version.ofProgram());
    }

    private String introduction() {
        String trainedOn = settings.limit() > 0
                ? format("only the first %,d training images", settings.limit())
                : switch (settings.validation()) {
                    case TEST -> "all training images";
                    case HELD_OUT -> "five sixths of the training images";
                    case REDRAWN -> "images drawn from the training and test files";
                };
        return format(
                "Trained on %s, judged by %s that it was not trained on, with the model of the last epoch.%s",
                trainedOn,
                format("%,d %s", run.evaluation().count(), imagesName),
                settings.budgetLifted()
                        ? format(
                                " <strong>The budget was lifted: fewer than %,d parameters and %d epochs are allowed.</strong>",
                                Budget.PARAMETERS, Budget.EPOCHS)
                        : "");
    }

    private String figures() {
        return "<dl class=\"figures\">\n"
                + figure("accuracy", format("%.2f %%", 100 * run.finalAccuracy()))
                + figure(
                        "wrong",
                        format(
                                "%,d of %,d",
                                run.evaluation().errors(), run.evaluation().count()))
                + figure("loss", format("%.4f", run.finalLoss()))
                + figure("parameters", format("%,d", run.parameters()))
                + figure("epochs", format("%d", run.epochs().size()))
                + figure("training", Units.duration(run.trainSeconds()))
                + figure("images per second", format("%,.0f", run.imagesPerSecond()))
                + figure(run.device(), escape(run.deviceName()))
                + "</dl>";
    }

    private static String figure(String name, String value) {
        return format("<div><dt>%s</dt><dd>%s</dd></div>\n", escape(name), value);
    }

    /// Why training may look worse than what it is judged by.
    private String aboutTheCurves() {
        Recipe recipe = settings.recipe();
        var harder = new ArrayList<String>();
        if (!recipe.augmentation().equals(Augmentation.NONE)) {
            harder.add("distorted images");
        }
        if (recipe.network().stream().anyMatch(l -> l instanceof Layer.Dropout || l instanceof Layer.Dropout2d)) {
            harder.add("dropout");
        }
        if (recipe.labelSmoothing() > 0) {
            harder.add("label smoothing");
        }
        return "Training may look worse than the " + imagesName + ": it is measured while the network is still learning"
                + (harder.isEmpty() ? "." : ", with " + String.join(", ", harder) + ".");
    }

    private String charts() {
        List<Double> training = percent(EpochRecord::trainAccuracy);
        List<Double> validation = percent(EpochRecord::validationAccuracy);
        return new LineChart("Loss", "nats", LineChart.Scale.LOGARITHMIC)
                        .line("training", values(EpochRecord::trainLoss))
                        .line(imagesName, values(EpochRecord::validationLoss))
                        .svg()
                + new LineChart("Accuracy", "%", LineChart.Scale.NEAR_THE_END)
                        .line("training", training)
                        .line(imagesName, validation)
                        .mark("goal", GOAL_PERCENT)
                        .svg()
                + new LineChart("Learning rate", "at each epoch's end", LineChart.Scale.FROM_ZERO)
                        .line("learning rate", values(EpochRecord::learningRate))
                        .svg();
    }

    private List<Double> values(ToDoubleFunction<EpochRecord> value) {
        return run.epochs().stream().mapToDouble(value).boxed().toList();
    }

    private List<Double> percent(ToDoubleFunction<EpochRecord> fraction) {
        return values(epoch -> 100 * fraction.applyAsDouble(epoch));
    }

    private String networkTable() {
        var rows = new StringBuilder();
        for (Stage stage : network.stages()) {
            rows.append(format(
                    "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td><td>%d×%d</td></tr>%n",
                    stage.name(),
                    stage.out(),
                    stage.parameters() == 0 ? "" : format("%,d", stage.parameters()),
                    stage.multiplyAdds() == 0 ? "" : format("%,d", stage.multiplyAdds()),
                    stage.receptiveField(),
                    stage.receptiveField()));
        }
        return """
                %s<table class="network">
                <thead><tr><th scope="col">layer</th><th scope="col">output</th><th scope="col">parameters</th>\
                <th scope="col">multiply-adds</th><th scope="col">receptive field</th></tr></thead>
                <tbody>
                %s</tbody>
                <tfoot><tr><th scope="row">all</th><td></td><td>%s</td><td>%s</td><td></td></tr></tfoot>
                </table></div>
                """.formatted(
                        Html.wide("Network"),
                        rows,
                        format("%,d", network.parameterCount()),
                        format("%,d", network.multiplyAdds()));
    }
}
