package io.mnist20k.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.Version;
import io.mnist20k.data.Dataset;
import io.mnist20k.data.MadeUpDigits;
import io.mnist20k.network.Layer;
import io.mnist20k.recipe.Augmentation;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.recipe.RecipeWriter;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xml.sax.InputSource;

final class ReportTest {
    private static final int CLASSES = 10;

    @TempDir
    Path folder;

    @Test
    void thePageIsWholeAndNeedsNothingElse() throws Exception {
        TrainingResult.Finished run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe());
        String page = Report.html(run);
        assertFalse(
                Pattern.compile("<script|<link|@import|(src|href)\\s*=\\s*\"(?!data:)|url\\((?!#)")
                        .matcher(page)
                        .find(),
                "the page asks for something outside of it");
        assertFalse(page.contains("%s") || page.contains("NaN"), "something was not filled in");
        assertTrue(
                page.contains(String.format(Locale.ROOT, "%,d</dd>", run.parameters())), "the parameters are missing");
        assertTrue(page.contains("type = &quot;conv&quot;, out = 4"), "the recipe is missing");
        assertTrue(page.contains("mnist20k " + Version.ofProgram()), "the version is missing");
        for (String name : List.of("Confusion matrix", "Network", "Recipe")) {
            assertTrue(
                    page.contains("tabindex=\"0\" role=\"region\" aria-label=\"" + name + "\">"),
                    name + " cannot be scrolled by the keyboard");
        }
        assertWellFormed(page);
    }

    @Test
    void whyTrainingLooksWorseIsWhatTheRecipeDoes() {
        TrainingResult.Finished run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe());
        assertTrue(Report.html(run).contains("still learns, with distorted images, dropout, label smoothing."));
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
        assertTrue(Report.html(like(run, RunSettings.of(plain, 17), 1)).contains("network still learns."));
    }

    @Test
    void theIntroductionSaysWhatItWasTrainedOnAndJudgedBy() {
        TrainingResult.Finished run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe());
        Recipe recipe = TinyRun.recipe();
        assertIntroduced(run, RunSettings.of(recipe, 17), "all training images", "60 test images");
        assertIntroduced(
                run,
                new RunSettings(recipe, 17, true, false, 0, false, ""),
                "five sixths of the training images",
                "60 held-out images");
        assertIntroduced(
                run,
                new RunSettings(recipe, 17, false, true, 0, false, ""),
                "images drawn anew from all",
                "60 re-drawn images");
        assertIntroduced(
                run,
                new RunSettings(recipe, 17, false, false, 1234, false, ""),
                "the first 1,234 training images only",
                "60 test images");
        assertFalse(Report.html(run).contains("budget was lifted"));
        Recipe longer = RecipeReader.parse("longer", RecipeWriter.toToml(recipe).replace("epochs = 3", "epochs = 20"));
        assertIntroduced(
                run, new RunSettings(longer, 17, false, false, 0, true, ""), "budget was lifted", "60 test images");
    }

    private static void assertIntroduced(
            TrainingResult.Finished run, RunSettings settings, String trainedOn, String judgedBy) {
        String page = Report.html(like(run, settings, 1));
        assertTrue(page.contains(trainedOn) && page.contains("judged by " + judgedBy), trainedOn + ", " + judgedBy);
    }

    @ParameterizedTest
    @CsvSource({"59.4, 59.4 s", "3725, 1 h 02 min"})
    void theTimeIsReadable(double seconds, String words) {
        TrainingResult.Finished run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe());
        assertTrue(Report.html(like(run, run.settings(), seconds)).contains("<dd>" + words + "</dd>"), words);
    }

    private static TrainingResult.Finished like(TrainingResult.Finished run, RunSettings settings, double seconds) {
        return new TrainingResult.Finished(
                settings,
                run.device(),
                run.deviceName(),
                run.parameters(),
                run.epochs(),
                seconds,
                run.imagesPerSecond(),
                run.validation(),
                run.validationLogits(),
                run.evaluation(),
                run.directory());
    }

    @Test
    void aLocaleWithOtherCommasAndDigitsChangesNothing() {
        TrainingResult.Finished run = TinyRun.finish(folder.resolve("run"), TinyRun.recipe());
        String page = Report.html(run);
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertEquals(page, Report.html(run));
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
        String html = ConfusionMatrix.html(confusion);
        assertTrue(html.contains("title=\"4 taken for 9\">7</td>"), html);
        assertTrue(html.contains("colspan=\"10\">what the network says</th>"), html);
        assertTrue(html.contains(">1,231</td>") && html.contains("99.43 %"), html);
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
