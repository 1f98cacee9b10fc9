package io.mnist20k.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.Version;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.data.Validation;
import io.mnist20k.engine.Evaluation;
import io.mnist20k.network.Layer;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunSettings;
import io.mnist20k.train.TinyRun;
import io.mnist20k.train.TrainingResult;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xml.sax.InputSource;

final class ReportTest {
    private static final int CLASSES = 10;

    /// Made up, so that no two numbers are equal; the second epoch is the best one.
    private static final TrainingResult.Finished RUN = run();

    private static TrainingResult.Finished run() {
        Dataset digits = MadeUpDigits.of(1000, 2);
        float[] logits = right(digits);
        for (int i = 0; i < 8; i++) {
            mistake(digits, logits, i, 1 + i);
        }
        return new TrainingResult.Finished(
                TinyRun.settings(TinyRun.recipe()),
                "cpu",
                "a <machine>",
                19_370,
                List.of(
                        new EpochRecord(1, 2.25, 0.5, 1.5, 0.75, 0.25, 20, 14_001),
                        new EpochRecord(2, 0.5, 0.98, 0.25, 0.995, 0.5, 21, 14_002),
                        new EpochRecord(3, 0.375, 0.99, 0.125, 0.992, 0.125, 18.4, 14_003)),
                59.4,
                14_000.4,
                digits,
                logits,
                new Evaluation(1000, 992, 0.125, new int[CLASSES][CLASSES]),
                Path.of("run"));
    }

    @Test
    void thePageIsWholeAndNeedsNothingElse() throws Exception {
        String page = Report.html(RUN);
        assertFalse(
                Pattern.compile("<script|<link|@import|(src|href)\\s*=\\s*\"(?!data:)|url\\((?!#)")
                        .matcher(page)
                        .find(),
                "the page asks for something outside of it");
        assertFalse(page.contains("%s") || page.contains("NaN"), "something was not filled in");
        assertTrue(page.contains("type = &quot;conv&quot;, out = 4"), "the recipe is missing");
        assertTrue(page.contains("mnist20k " + Version.ofProgram()), "the version is missing");
        for (String name : List.of("Confusion matrix", "Network", "Recipe")) {
            assertTrue(
                    page.contains("tabindex=\"0\" role=\"region\" aria-label=\"" + name + "\">"),
                    name + " cannot be scrolled by the keyboard");
        }
        assertWellFormed(page);
    }

    /// Of the last epoch's model, though the second epoch's did better.
    @Test
    void theFiguresAreOfTheWholeRunAndItsLastModel() {
        assertEquals(
                List.of(
                        "accuracy: 99.20 %",
                        "wrong: 8 of 1,000",
                        "loss: 0.1250",
                        "parameters: 19,370",
                        "epochs: 3",
                        "training: 59.4 s",
                        "images per second: 14,000",
                        "cpu: a &lt;machine&gt;"),
                Pattern.compile("<dt>(.*)</dt><dd>(.*)</dd>")
                        .matcher(Report.html(RUN))
                        .results()
                        .map(figure -> figure.group(1) + ": " + figure.group(2))
                        .toList());
    }

    /// Epochs stand at 70, 232 and 394 of 420. The axis of losses is from 0.1 to 5, the other two from 98 to 99.5 and
    /// from 0 to 0.5; both are drawn from 248 up to 62.
    @Test
    void aCurveIsOfItsOwnNumbersFromLeftToRight() {
        assertEquals(
                List.of(
                        "training, epoch 1: 2.25 at 70.0 100.0",
                        "training, epoch 2: 0.5 at 232.0 171.5",
                        "training, epoch 3: 0.375 at 394.0 185.2",
                        "test images, epoch 1: 1.5 at 70.0 119.2",
                        "test images, epoch 2: 0.25 at 232.0 204.4",
                        "test images, epoch 3: 0.125 at 394.0 237.4"),
                points("Loss"));
        assertEquals(
                List.of(
                        "training, epoch 2: 98 at 232.0 248.0",
                        "training, epoch 3: 99 at 394.0 124.0",
                        "test images, epoch 2: 99.5 at 232.0 62.0",
                        "test images, epoch 3: 99.200 at 394.0 99.2"),
                points("Accuracy"));
        assertEquals(
                List.of(
                        "learning rate, epoch 1: 0.25 at 70.0 155.0",
                        "learning rate, epoch 2: 0.5 at 232.0 62.0",
                        "learning rate, epoch 3: 0.125 at 394.0 201.5"),
                points("Learning rate"));
        // 1.4 of the 1.5 from 98 to 99.5
        assertTrue(chart("Accuracy").contains("class=\"mark\" d=\"M58 74.4H406\"/>"), chart("Accuracy"));
        assertTrue(chart("Accuracy").contains(">goal 99.4</text>"), chart("Accuracy"));
    }

    private static List<String> points(String title) {
        String svg = chart(title);
        List<String> names = Pattern.compile("class=\"legend\".*>(.*)</text>")
                .matcher(svg)
                .results()
                .map(name -> name.group(1))
                .toList();
        return Pattern.compile("<circle class=\"c(.)\" cx=\"(.*)\" cy=\"(.*)\" r=\"3\"><title>(.*)</title>")
                .matcher(svg)
                .results()
                .map(point -> {
                    int line = Integer.parseInt(point.group(1));
                    String name = names.isEmpty() ? title.toLowerCase(Locale.ROOT) : names.get(line);
                    return name + ", " + point.group(4) + " at " + point.group(2) + " " + point.group(3);
                })
                .toList();
    }

    private static String chart(String title) {
        String page = Report.html(RUN);
        String from = page.substring(page.indexOf("aria-label=\"" + title + " over epochs"));
        return from.substring(0, from.indexOf("</svg>"));
    }

    @Test
    void whyTrainingLooksWorseIsWhatTheRecipeDoes() {
        assertTrue(Report.html(RUN).contains("still learning, with distorted images, dropout, label smoothing."));
        Recipe recipe = TinyRun.recipe();
        var plain = new Recipe(
                recipe.name(),
                recipe.epochs(),
                recipe.batch(),
                recipe.deskew(),
                recipe.network().stream()
                        .filter(layer -> !(layer instanceof Layer.Dropout))
                        .toList(),
                recipe.initialization(),
                recipe.optimizer(),
                recipe.schedule(),
                recipe.averagingDecay(),
                Augmentation.NONE,
                0,
                recipe.engine());
        assertTrue(Report.html(like(RunSettings.of(plain, 17), 1)).contains("network is still learning."));
    }

    @Test
    void theIntroductionSaysWhatItWasTrainedOnAndJudgedBy() {
        Recipe recipe = TinyRun.recipe();
        assertIntroduced(RunSettings.of(recipe, 17), "all training images", "1,000 test images");
        assertIntroduced(
                new RunSettings(recipe, 17, Validation.HELD_OUT, 0, false, ""),
                "five sixths of the training images",
                "1,000 held-out images");
        assertIntroduced(
                new RunSettings(recipe, 17, Validation.REDRAWN, 0, false, ""),
                "images drawn from the training and test files",
                "1,000 re-drawn images");
        assertIntroduced(
                new RunSettings(recipe, 17, Validation.TEST, 1234, false, ""),
                "only the first 1,234 training images",
                "1,000 test images");
        assertFalse(Report.html(RUN).contains("budget was lifted"));
        Recipe longer = RecipeReader.parse("longer", RecipeWriter.toToml(recipe).replace("epochs = 3", "epochs = 20"));
        assertIntroduced(
                new RunSettings(longer, 17, Validation.TEST, 0, true, ""), "budget was lifted", "1,000 test images");
    }

    private static void assertIntroduced(RunSettings settings, String trainedOn, String judgedBy) {
        String page = Report.html(like(settings, 1));
        assertTrue(page.contains(trainedOn) && page.contains("judged by " + judgedBy), trainedOn + ", " + judgedBy);
    }

    @ParameterizedTest
    @CsvSource({"59.4, 59.4 s", "3725, 1 h 02 min"})
    void theTimeIsReadable(double seconds, String words) {
        assertTrue(Report.html(like(RUN.settings(), seconds)).contains("<dd>" + words + "</dd>"), words);
    }

    private static TrainingResult.Finished like(RunSettings settings, double seconds) {
        return new TrainingResult.Finished(
                settings,
                RUN.device(),
                RUN.deviceName(),
                RUN.parameters(),
                RUN.epochs(),
                seconds,
                RUN.imagesPerSecond(),
                RUN.validation(),
                RUN.validationLogits(),
                RUN.evaluation(),
                RUN.directory());
    }

    @Test
    void aLocaleWithOtherCommasAndDigitsChangesNothing() {
        String page = Report.html(RUN);
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertEquals(page, Report.html(RUN));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void theSurestMistakesComeFirst() throws IOException {
        Dataset digits = MadeUpDigits.of(7, 3);
        float[] logits = right(digits);
        mistake(digits, logits, 2, 1);
        mistake(digits, logits, 5, 9);
        String html = Mistakes.html(digits, logits);
        Matcher numbers = Pattern.compile("#(\\d+)<").matcher(html);
        assertTrue(numbers.find());
        assertEquals("5", numbers.group(1));
        assertTrue(numbers.find());
        assertEquals("2", numbers.group(1));
        assertFalse(numbers.find(), html);
        // e^9 / (e^9 + 9) and e / (e + 9)
        assertTrue(html.contains(" 99.9 %") && html.contains(" 23.2 %"), html);

        Matcher image = Pattern.compile("base64,([^\"]+)").matcher(html);
        assertTrue(image.find());
        var shown = ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(image.group(1))));
        for (int pixel = 0; pixel < 784; pixel++) {
            assertEquals(
                    digits.pixels()[5 * 784 + pixel] & 0xFF,
                    shown.getRaster().getSample(pixel % 28, pixel / 28, 0),
                    "pixel " + pixel);
        }
    }

    @Test
    void ofTooManyMistakesTheSurestAreShownAndAllAreCounted() {
        Dataset digits = MadeUpDigits.of(103, 3);
        float[] logits = right(digits);
        for (int i = 0; i < 103; i++) {
            mistake(digits, logits, i, 1 + i);
        }
        String html = Mistakes.html(digits, logits);
        assertTrue(html.contains("100 surest of 103"), html.substring(0, 200));
        assertEquals(100, html.split("<figure>", -1).length - 1);
        assertFalse(html.contains("#2<"), "one of the least sure");
    }

    @Test
    void noMistakeIsSaidSo() {
        Dataset digits = MadeUpDigits.of(3, 3);
        assertEquals("<p>None.</p>\n", Mistakes.html(digits, right(digits)));
    }

    @Test
    void theConfusionMatrixCountsAndFinds() throws Exception {
        int[][] confusion = new int[CLASSES][CLASSES];
        confusion[4][4] = 1231;
        confusion[4][9] = 7;
        confusion[8][4] = 1;
        confusion[8][8] = 3;
        String html = ConfusionMatrix.html(confusion);
        assertTrue(html.contains("title=\"4 taken for 9\">7</td>"), html);
        assertTrue(html.contains("colspan=\"10\">what the network says</th>"), html);
        List<String> rows = Pattern.compile("<tr><th scope=\"row\">.*</tr>")
                .matcher(html)
                .results()
                .map(row -> row.group().replaceAll("<[^>]*>", " ").strip().replaceAll(" +", " "))
                .toList();
        assertEquals(CLASSES, rows.size());
        assertEquals("3 · · · 0 · · · · · · –", rows.get(3));
        assertEquals("4 · · · · 1,231 · · · · 7 99.43 %", rows.get(4));
        assertEquals("8 · · · · 1 · · · 3 · 75.00 %", rows.get(8));
        assertWellFormed("<div>" + html + "</div>");
    }

    @Test
    void aChartOfOneEpochIsAPointWithinTheAxes() throws Exception {
        String svg = new LineChart("Loss", "nats", LineChart.Scale.LOGARITHMIC)
                .line("training", List.of(0.5))
                .svg();
        assertTrue(svg.contains("<circle") && svg.contains("epoch 1: 0.5"), svg);
        assertWellFormed(svg);
    }

    @ParameterizedTest
    @CsvSource({"60, 60", "61, 0"})
    void circlesThatWouldTouchAreLeftOut(int epochs, int circles) {
        String svg = new LineChart("Accuracy", "%", LineChart.Scale.NEAR_THE_END)
                .line("training", Collections.nCopies(epochs, 99.0))
                .line("test images", Collections.nCopies(epochs, 99.5))
                .mark("goal", 99.4)
                .svg();
        assertEquals(2 * circles, svg.split("<circle", -1).length - 1);
        assertTrue(svg.contains(">goal 99.4</text>"), svg);
    }

    /// Logits that are all right, and quite sure.
    private static float[] right(Dataset digits) {
        float[] logits = new float[digits.count() * CLASSES];
        for (int i = 0; i < digits.count(); i++) {
            logits[i * CLASSES + digits.labels()[i]] = 5;
        }
        return logits;
    }

    private static void mistake(Dataset digits, float[] logits, int image, float logit) {
        logits[image * CLASSES + digits.labels()[image]] = 0;
        logits[image * CLASSES + (digits.labels()[image] + 1) % CLASSES] = logit;
    }

    /// Parses it as XML, which our HTML is but for its elements without end.
    private static void assertWellFormed(String html) throws Exception {
        String xml = html.replaceFirst("<!DOCTYPE html>\\s*", "").replaceAll("<(meta|img|br)([^>]*)>", "<$1$2/>");
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }
}
