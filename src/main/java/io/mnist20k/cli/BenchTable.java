package io.mnist20k.cli;

import io.mnist20k.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Speeds as people read them.
record BenchTable(BenchAnswer answer) {
    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add("recipe %s: %s parameters, batches of %s"
                .formatted(answer.recipe(), Units.count(answer.parameters()), answer.batch()));
        lines.add("");
        var table =
                new TextTable("<", "images/s", "least", "most", "multiply-adds", "nominal GFLOP/s", "share of peak");
        add(table, "training", answer.training());
        add(table, "inference", answer.inference());
        lines.addAll(table.lines());
        lines.add("");
        if (answer.roofline() != null) {
            lines.add("Measured peak of %s: %s GFLOP/s; %s GB/s within caches, %s GB/s through memory."
                    .formatted(
                            Units.counted(answer.threads(), "thread"),
                            tenths(answer.roofline().peakGflops()),
                            tenths(answer.roofline().cacheGigabytesPerSecond()),
                            tenths(answer.roofline().memoryGigabytesPerSecond())));
        }
        lines.add("Nominal GFLOP/s count two operations for each multiply-add of the direct algorithm, though an engine"
                + " may need fewer, so they can exceed the peak.");
        if (answer.layers() != null) {
            lines.add("");
            lines.addAll(layers(answer.layers()));
            lines.add("");
            lines.add(
                    "Times are one thread's, as are GFLOP/s, share and GB/s. Bytes are the least that has to be read and"
                            + " written.");
        }
        return lines;
    }

    private static void add(TextTable table, String what, BenchAnswer.Speed speed) {
        table.row(
                what,
                Units.count(Math.round(speed.imagesPerSecond())),
                Units.count(Math.round(speed.leastImagesPerSecond())),
                Units.count(Math.round(speed.mostImagesPerSecond())),
                Units.count(speed.multiplyAdds()),
                tenths(speed.nominalGflops()),
                speed.shareOfPeak() == null ? "-" : percent(speed.shareOfPeak()));
    }

    private static List<String> layers(List<BenchAnswer.Layer> layers) {
        var table = new TextTable(
                "<layer",
                "<pass",
                "ns an image",
                "of the time",
                "multiply-adds",
                "nominal GFLOP/s",
                "share of peak",
                "bytes",
                "GB/s");
        for (BenchAnswer.Layer layer : layers) {
            boolean multiplies = layer.multiplyAdds() > 0;
            boolean moves = layer.bytes() > 0;
            table.row(
                    String.join(" + ", layer.layers()),
                    layer.pass(),
                    Units.count(Math.round(layer.nanosPerImage())),
                    percent(layer.shareOfTime()),
                    multiplies ? Units.count(layer.multiplyAdds()) : "",
                    multiplies ? tenths(layer.nominalGflops()) : "",
                    multiplies && layer.shareOfPeak() != null ? percent(layer.shareOfPeak()) : "",
                    moves ? Units.count(layer.bytes()) : "",
                    moves ? tenths(layer.gigabytesPerSecond()) : "");
        }
        double whole =
                layers.stream().mapToDouble(BenchAnswer.Layer::nanosPerImage).sum();
        table.row("the whole step", "", Units.count(Math.round(whole)), percent(1), "", "", "", "", "");
        return table.lines();
    }

    private static String tenths(double value) {
        return String.format(Locale.ROOT, "%,.1f", value);
    }

    private static String percent(double fraction) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * fraction);
    }
}
