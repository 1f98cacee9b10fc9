package io.mnist20k.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

final class IntervalChartTest {
    private static long count(String svg, String part) {
        return Pattern.compile(Pattern.quote(part)).matcher(svg).results().count();
    }

    /// The two groups of all that match, with a space between.
    private static List<String> all(String svg, String pattern) {
        return Pattern.compile(pattern)
                .matcher(svg)
                .results()
                .map(found -> found.group(1) + " " + found.group(2))
                .toList();
    }

    private static String svg(IntervalChart chart) throws Exception {
        String svg = chart.svg();
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        return svg;
    }

    @Test
    void everyRunIsADotAndEveryMeanHasItsInterval() throws Exception {
        String svg = svg(new IntervalChart("accuracy", "%")
                .line("a", List.of(99.5, 99.6, 99.7), 0.1)
                .line("b & <c>", List.of(99.4, 99.45), 0.2));
        // The axis is from 99.2 at 72 to 99.7 at 630.
        assertEquals(
                List.of("406.8 61", "518.4 61", "630.0 61", "295.2 91", "351.0 91"),
                all(svg, "class=\"run\" cx=\"(.*)\" cy=\"(.*)\" r="));
        assertEquals(List.of("518.4 61", "323.1 91"), all(svg, "class=\"mean\" cx=\"(.*)\" cy=\"(.*)\" r="));
        assertEquals(List.of("406.8 61H630.0", "99.9 91H546.3"), all(svg, "class=\"interval\" d=\"M(\\S*) (.*)\""));
        assertEquals(List.of("518.4 46V106"), all(svg, "class=\"mark\" d=\"M(\\S*) (.*)\""));
        assertTrue(svg.contains("99.600 ± 0.100") && svg.contains("b &amp; &lt;c&gt;"), svg);
    }

    @Test
    void aLineFarBelowDoesNotPressTheOthersTogether() throws Exception {
        String svg = svg(new IntervalChart("accuracy", "%")
                .line("a", List.of(99.5, 99.6), 0.1)
                .line("b", List.of(99.4, 99.5), 0.1)
                .line("lost", List.of(11.0, 12.0), 1));
        assertTrue(svg.contains("11.500 ± 1.000"), svg);
        assertTrue(svg.contains(">99.4</text>") && !svg.contains(">50</text>"), svg);
        assertEquals(4, count(svg, "class=\"run\""));
    }

    @Test
    void aLineWithoutRunsSaysSo() throws Exception {
        String svg =
                svg(new IntervalChart("accuracy", "%").line("a", List.of(), 0).line("b", List.of(99.0), 0));
        assertTrue(svg.contains("diverged"), svg);
        assertEquals(1, count(svg, "class=\"run\""));
    }
}
