package io.mnist20k.report;

import static io.mnist20k.report.Html.escape;
import static io.mnist20k.report.Html.format;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Means of several runs with their intervals, a line below another, as an SVG file that stands alone and follows the
/// reader's choice of light or dark. Each run is a dot; the first line's mean is drawn through all others.
///
/// A line that is far below all others would press them together: the axis then leaves it out, and its figure beside
/// it says where it is.
public final class IntervalChart {
    private static final int WIDTH = 760;
    private static final int TOP = 46;
    private static final int ROW = 30;
    private static final int BOTTOM = 30;
    private static final int LETTER = 8;
    private static final int MARGIN = 16;
    private static final int FIGURES = 130;

    /// A line that makes the axis longer by this factor is left out of it.
    private static final double FAR = 3;

    private static final String STYLE = """
            <style>
            svg { --card: #f4f5f7; --ink: #1c2127; --soft: #5d6773; --line: #d9dde2; --first: #b4690e; --second: #1f5fbf; }
            @media (prefers-color-scheme: dark) {
            svg { --card: #1d2126; --ink: #e4e8ec; --soft: #9aa5b1; --line: #343b43; --first: #f0a64b; --second: #6ea8ff; }
            }
            rect { fill: var(--card); }
            text { fill: var(--ink); font: 13px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
            .tick { fill: var(--soft); }
            .grid { stroke: var(--line); }
            .mark { stroke: var(--soft); stroke-dasharray: 5 4; }
            .interval { stroke: var(--second); stroke-width: 3; stroke-linecap: round; }
            .mean { fill: var(--second); }
            .run { fill: var(--first); fill-opacity: .55; }
            </style>
            """;

    private record Line(String name, List<Double> values, double halfWidth) {
        double mean() {
            return values.stream().mapToDouble(v -> v).sum() / values.size();
        }

        double low() {
            return Math.min(values.stream().mapToDouble(v -> v).min().orElseThrow(), mean() - halfWidth);
        }

        double high() {
            return Math.max(values.stream().mapToDouble(v -> v).max().orElseThrow(), mean() + halfWidth);
        }
    }

    private final String title;
    private final String unit;
    private final List<Line> lines = new ArrayList<>();

    public IntervalChart(String title, String unit) {
        this.title = title;
        this.unit = unit;
    }

    /// @param values    one a run; a line without any says so
    /// @param halfWidth of the interval about the mean
    public IntervalChart line(String name, List<Double> values, double halfWidth) {
        lines.add(new Line(name, List.copyOf(values), halfWidth));
        return this;
    }

    /// The whole file.
    public String svg() {
        int left = MARGIN
                + LETTER * lines.stream().mapToInt(l -> l.name().length()).max().orElse(0);
        int right = WIDTH - FIGURES;
        int bottom = TOP + ROW * lines.size();
        Axis axis = axis();
        var svg = new StringBuilder(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n%s",
                WIDTH, bottom + BOTTOM, escape(title), STYLE));
        svg.append(format("<rect width=\"%d\" height=\"%d\" rx=\"8\"/>%n", WIDTH, bottom + BOTTOM));
        svg.append(format(
                "<text x=\"%d\" y=\"24\">%s, %s: runs, mean and 95 %% interval</text>%n",
                MARGIN, escape(title), escape(unit)));
        for (double tick : axis.ticks()) {
            double x = left + axis.position(tick) * (right - left);
            svg.append(format(
                    "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    x, TOP, bottom, x, bottom + 18, axis.label(tick)));
        }
        for (int i = 0; i < lines.size(); i++) {
            draw(svg, lines.get(i), TOP + ROW * i + ROW / 2, left, right, axis);
        }
        if (!lines.isEmpty() && !lines.getFirst().values().isEmpty()) {
            double x = left + axis.position(lines.getFirst().mean()) * (right - left);
            svg.append(format("<path class=\"mark\" d=\"M%.1f %dV%d\"/>%n", x, TOP, bottom));
        }
        return svg.append("</svg>\n").toString();
    }

    private static void draw(StringBuilder svg, Line line, int y, int left, int right, Axis axis) {
        svg.append(format("<text x=\"%d\" y=\"%d\">%s</text>%n", MARGIN, y + 5, escape(line.name())));
        if (line.values().isEmpty()) {
            svg.append(format("<text x=\"%d\" y=\"%d\">diverged</text>%n", right + MARGIN, y + 5));
            return;
        }
        svg.append(format(
                "<text x=\"%d\" y=\"%d\">%.3f ± %.3f</text>%n", right + MARGIN, y + 5, line.mean(), line.halfWidth()));
        double scale = right - left;
        for (double value : line.values()) {
            if (value >= axis.low()) {
                svg.append(format(
                        "<circle class=\"run\" cx=\"%.1f\" cy=\"%d\" r=\"3\"/>%n",
                        left + axis.position(value) * scale, y));
            }
        }
        if (line.mean() < axis.low()) {
            svg.append(format("<path class=\"mean\" d=\"M%d %dl9 -6v12z\"/>%n", left, y));
            return;
        }
        double from = left + axis.position(Math.max(axis.low(), line.mean() - line.halfWidth())) * scale;
        double to = left + axis.position(Math.min(axis.high(), line.mean() + line.halfWidth())) * scale;
        svg.append(format("<path class=\"interval\" d=\"M%.1f %dH%.1f\"/>%n", from, y, to));
        svg.append(format(
                "<circle class=\"mean\" cx=\"%.1f\" cy=\"%d\" r=\"5\"><title>%s: %.3f ± %.3f</title></circle>%n",
                left + axis.position(line.mean()) * scale, y, escape(line.name()), line.mean(), line.halfWidth()));
    }

    /// As wide as the lines, without those that are far below.
    private Axis axis() {
        List<Line> shown = lines.stream()
                .filter(line -> !line.values().isEmpty())
                .sorted(Comparator.comparingDouble(Line::low))
                .toList();
        if (shown.isEmpty()) {
            return Axis.linear(0, 100);
        }
        double high = shown.stream().mapToDouble(Line::high).max().orElseThrow();
        int from = 0;
        while (from + 2 < shown.size()
                && high - shown.get(from).low()
                        > FAR * (high - shown.get(from + 1).low())) {
            from++;
        }
        return Axis.linear(shown.get(from).low(), high);
    }
}
