package io.mnist20k.cli;

import io.mnist20k.network.Network;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "summary",
        description = "Shows a recipe's network: layers, shapes, parameters, multiply-adds, receptive field.")
final class SummaryCommand implements Runnable {
    @Mixin
    private RecipeOptions recipe = new RecipeOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        Network network = recipe.read().build();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(out, NetworkAnswer.of(network));
        } else {
            NetworkTable.lines(network).forEach(out::println);
        }
    }
}
