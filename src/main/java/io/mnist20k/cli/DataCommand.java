package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.MnistFolder;
import io.mnist20k.data.Split;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "data",
        description = "Fetches the dataset if it is missing, verifies it, and says where it is and what is in it.")
final class DataCommand implements Runnable {
    @Mixin
    private DataOptions data = new DataOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        MnistFolder folder = data.open();
        Split split = folder.load();
        PrintWriter out = spec.commandLine().getOut();
        out.println(folder.path().toAbsolutePath().normalize()
                + (data.folder() == null ? ": MNIST, every SHA-256 as expected" : ": a valid dataset"));
        var table = new TextTable("<", "images", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
        table.row(row("training", split.train()));
        table.row(row("test", split.validation()));
        table.lines().forEach(out::println);
    }

    /// All images, and those of each class.
    private static String[] row(String name, Dataset part) {
        return Stream.concat(
                        Stream.of(name, Units.count(part.count())),
                        Arrays.stream(part.classCounts()).mapToObj(Units::count))
                .toArray(String[]::new);
    }
}
