package io.mnist20k.report;

import static io.mnist20k.report.Html.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/// Values over epochs as SVG. Colours and fonts come from the page's style sheet.
final class LineChart {
    private static final int WIDTH = 420;
    private static final int HEIGHT = 290;
    private static final int LEFT = 58;
    private static final int RIGHT = 14;
    private static final int TOP = 62;
    private static final int BOTTOM = 42;

    /// Of more epochs the circles would run into each other.
    private static final int MOST_CIRCLES = 60;

    /// What the vertical axis shows of the values.
    enum Scale {
        /// Everything, equal factors equally far apart.
        LOGARITHMIC,
        /// Everything, from 0.
        FROM_ZERO,
        /// Where the lines are in the second half of the run: the first epochs would flatten the rest.
        NEAR_THE_END
    }

    private record Line(String name, List<Double> values) {}

    private record Mark(String name, double value) {}

    private final String title;
    private final String unit;
    private final Scale scale;
    private final List<Line> lines = new ArrayList<>();
    private final List<Mark> marks = new ArrayList<>();

    LineChart(String title, String unit, Scale scale) {
        this.title = title;
        this.unit = unit;
        this.scale = scale;
    }

    /// @param values one an epoch, from epoch 1; where the scale is logarithmic, values that are not positive are left
    ///               out
    LineChart line(String name, List<Double> values) {
        lines.add(new Line(name, values));
        return this;
    }

    /// A value to compare with, drawn across where it is within the axis.
    LineChart mark(String name, double value) {
        marks.add(new Mark(name, value));
        return this;
    }

    String svg() {
        Axis axis = axis();
        var svg = new StringBuilder();
        svg.append(format(
                "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s over epochs\">%n",
                WIDTH, HEIGHT, title));
        svg.append(format(
                "<text class=\"title\" x=\"%d\" y=\"20\">%s <tspan class=\"unit\">%s</tspan></text>%n",
                LEFT, title, unit));
        verticalAxis(svg, axis);
        horizontalAxis(svg);
        for (Mark mark : marks) {
            if (mark.value > axis.low() && mark.value < axis.high()) {
                double y = y(axis, mark.value);
                // On the left, where learning curves have not got to yet.
                svg.append(format(
                        "<path class=\"mark\" d=\"M%d %.1fH%d\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"start\">%s %s</text>%n",
                        LEFT, y, WIDTH - RIGHT, LEFT + 4, y - 4, mark.name, axis.label(mark.value)));
            }
        }
        int legend = LEFT;
        for (int i = 0; i < lines.size(); i++) {
            legend = lines.size() > 1 ? legend(svg, i, legend) : legend;
            curve(svg, i, axis);
        }
        return svg.append("</svg>\n").toString();
    }

    private Axis axis() {
        int epochs = epochs();
        int from = scale == Scale.NEAR_THE_END ? epochs / 2 : 0;
        double[] shown = lines.stream()
                .flatMapToDouble(
                        line -> line.values().subList(from, epochs).stream().mapToDouble(Double::doubleValue))
                .filter(value -> scale != Scale.LOGARITHMIC || value > 0)
                .toArray();
        double low = DoubleStream.of(shown).min().orElse(0);
        double high = DoubleStream.of(shown).max().orElse(1);
        return switch (scale) {
            case LOGARITHMIC -> Axis.logarithmic(low, high);
            case FROM_ZERO -> Axis.linear(0, high);
            case NEAR_THE_END -> Axis.linear(low, high);
        };
    }

    private int epochs() {
        return lines.getFirst().values().size();
    }

    private void verticalAxis(StringBuilder svg, Axis axis) {
        for (double tick : axis.ticks()) {
            double y = y(axis, tick);
            svg.append(format(
                    "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
                    LEFT, y, WIDTH - RIGHT, LEFT - 7, y + 4, axis.label(tick)));
        }
    }

    private void horizontalAxis(StringBuilder svg) {
        int bottom = HEIGHT - BOTTOM;
        svg.append(format("<path class=\"axis\" d=\"M%d %dH%d\"/>%n", LEFT, bottom, WIDTH - RIGHT));
        int every = Math.max(1, Math.ceilDiv(epochs(), 12));
        for (int epoch = 1; epoch <= epochs(); epoch += every) {
            svg.append(format(
                    "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>%n",
                    x(epoch), bottom + 17, epoch));
        }
        svg.append(format(
                "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>%n",
                (LEFT + WIDTH - RIGHT) / 2, bottom + 36));
    }

    private int legend(StringBuilder svg, int i, int x) {
        String name = lines.get(i).name();
        svg.append(format(
                "<path class=\"curve c%d\" d=\"M%d 41h18\"/><text class=\"legend\" x=\"%d\" y=\"45\">%s</text>%n",
                i, x, x + 24, name));
        return x + 48 + 8 * name.length();
    }

    /// Points below the axis are left out, and the curve comes in from the edge.
    private void curve(StringBuilder svg, int i, Axis axis) {
        List<Double> values = lines.get(i).values();
        var path = new StringBuilder();
        var points = new StringBuilder();
        for (int epoch = 1; epoch <= values.size(); epoch++) {
            double value = values.get(epoch - 1);
            if (scale == Scale.LOGARITHMIC && value <= 0) {
                continue;
            }
            path.append(format("%s%.1f %.1f", path.isEmpty() ? "M" : "L", x(epoch), y(axis, value)));
            if (value >= axis.low() && values.size() <= MOST_CIRCLES) {
                points.append(format(
                        "<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>epoch %d: %s</title></circle>%n",
                        i, x(epoch), y(axis, value), epoch, axis.exact(value)));
            }
        }
        String clip = title.toLowerCase(Locale.ROOT).replace(' ', '-') + "-" + i;
        svg.append(format(
                "<clipPath id=\"%s\"><rect x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>"
                        + "<path class=\"curve c%d\" clip-path=\"url(#%s)\" d=\"%s\"/>%n%s",
                clip, TOP - 4, WIDTH, HEIGHT - BOTTOM - TOP + 4, i, clip, path, points));
    }

    private double x(int epoch) {
        int epochs = epochs();
        double share = epochs == 1 ? 0.5 : (epoch - 1.0) / (epochs - 1.0);
        return LEFT + 12 + share * (WIDTH - RIGHT - LEFT - 24);
    }

    private static double y(Axis axis, double value) {
        return HEIGHT - BOTTOM - axis.position(value) * (HEIGHT - BOTTOM - TOP);
    }
}
