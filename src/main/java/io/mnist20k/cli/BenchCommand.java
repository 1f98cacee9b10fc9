package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.bench.Bench;
import io.mnist20k.engine.Devices;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        description = {
            "Measures how fast this machine trains and evaluates a recipe's network, in images per second, and on a CPU"
                    + " the share of its own measured peak.",
            "Needs no dataset: the images are noise."
        })
final class BenchCommand implements Runnable {
    @Mixin
    private DeviceOptions device = new DeviceOptions();

    @Mixin
    private RecipeOptions recipe = new RecipeOptions();

    @Option(
            names = "--batch",
            paramLabel = "N",
            converter = OptionValues.Batch.class,
            description = "Images per step. Default: the recipe's.")
    private @Nullable Integer batch;

    @Option(
            names = "--layers",
            description =
                    "Also say how long every layer and pass takes. Only the CPU engine can; it is the default then.")
    private boolean layers;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            converter = OptionValues.Count.class,
            description = "Measure N times, and give the median. Default: ${DEFAULT-VALUE}.")
    private int rounds = 5;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            converter = OptionValues.Seconds.class,
            description = "Length of a round; the warm-up takes at least three times as long."
                    + " Default: ${DEFAULT-VALUE}.")
    private double seconds = 2;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        var recipe = this.recipe.read("default", batch == null ? List.of() : List.of("batch=" + batch));
        Devices.Choice choice = device.choose(layers ? "cpu" : "auto");
        var bench = new Bench(choice.engine(), recipe, rounds, seconds, layers);
        PrintWriter out = spec.commandLine().getOut();
        if (!json) {
            out.println("device: " + choice.reason());
            out.println("measuring on images of noise: %s of %s s, after %s s or more of warm-up"
                    .formatted(
                            Units.counted(rounds, "round"), number(seconds), number(Bench.WARM_UP_ROUNDS * seconds)));
        }
        BenchAnswer answer = BenchAnswer.of(bench, device.threads(), bench.run());
        if (json) {
            Json.print(out, answer);
        } else {
            new BenchTable(answer).lines().forEach(out::println);
        }
    }

    /// Three times 0.05 as 0.15.
    private static String number(double value) {
        return new BigDecimal(value)
                .round(new MathContext(6))
                .stripTrailingZeros()
                .toPlainString();
    }
}
