package io.mnist20k.report;

import static io.mnist20k.report.Html.format;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Evaluation;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// The images that got the wrong answer, the surest one first.
final class Mistakes {
    /// More would make a page of a badly trained network huge, and show nothing new.
    static final int MOST = 100;

    private Mistakes() {}

    /// @param index       in the dataset, from 0
    /// @param probability of the prediction, 0..1
    private record Mistake(int index, int truth, int predicted, double probability) {}

    /// @param logits `[dataset.count(), classes]`, row-major
    static String html(Dataset dataset, float[] logits) {
        List<Mistake> all = find(dataset, logits);
        if (all.isEmpty()) {
            return "<p>None.</p>\n";
        }
        String note = all.size() > MOST
                ? format("The %d surest of %,d", MOST, all.size())
                : format("All %d, the surest first", all.size());
        return "<p>" + note
                + "; under each image its label, the prediction with its probability, and the image's number,"
                + " counting from 0.</p>\n<div class=\"gallery\">\n"
                + all.stream()
                        .limit(MOST)
                        .map(mistake -> figure(dataset, mistake))
                        .collect(Collectors.joining())
                + "</div>\n";
    }

    private static List<Mistake> find(Dataset dataset, float[] logits) {
        int classes = dataset.classes();
        return IntStream.range(0, dataset.count())
                .mapToObj(index -> {
                    int predicted = Evaluation.argMax(logits, index * classes, classes);
                    return new Mistake(
                            index,
                            dataset.labels()[index],
                            predicted,
                            Evaluation.probabilities(logits, index * classes, classes)[predicted]);
                })
                .filter(mistake -> mistake.predicted != mistake.truth)
                .sorted(Comparator.comparingDouble(Mistake::probability)
                        .reversed()
                        .thenComparingInt(Mistake::index))
                .toList();
    }

    private static String figure(Dataset dataset, Mistake mistake) {
        return format(
                "<figure><img alt=\"a %d\" width=\"84\" height=\"84\" src=\"data:image/png;base64,%s\">"
                        + "<figcaption><b>%d</b> → <b class=\"wrong\">%d</b> %.1f %%<br><small>#%d</small></figcaption></figure>%n",
                mistake.truth,
                Base64.getEncoder().encodeToString(png(dataset, mistake.index)),
                mistake.truth,
                mistake.predicted,
                100 * mistake.probability,
                mistake.index);
    }

    private static byte[] png(Dataset dataset, int index) {
        int area = dataset.height() * dataset.width();
        var image = new BufferedImage(dataset.width(), dataset.height(), BufferedImage.TYPE_BYTE_GRAY);
        byte[] pixels = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        System.arraycopy(dataset.pixels(), index * area, pixels, 0, area);
        var out = new ByteArrayOutputStream();
        try (var stream = new MemoryCacheImageOutputStream(out)) {
            ImageIO.write(image, "png", stream);
        } catch (IOException e) {
            throw new UncheckedIOException("packing an image in memory", e);
        }
        return out.toByteArray();
    }
}
