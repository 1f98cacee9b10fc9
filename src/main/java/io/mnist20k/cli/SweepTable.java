package io.mnist20k.cli;

import io.mnist20k.sweep.Row;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The rows of a sweep for a terminal. Percentages have a digit more than a single run's: they are of many.
final class SweepTable {
    private SweepTable() {}

    static TextTable of(List<Row> rows) {
        var table = new TextTable(
                "<recipe",
                "<variant",
                "<device",
                "<images",
                "parameters",
                "epochs",
                "runs",
                "mean %",
                "deviation",
                "minimum",
                "maximum",
                "95 % interval",
                "seconds",
                "<");
        for (Row row : rows) {
            Double mean = row.mean();
            Double halfWidth = row.halfWidth95();
            table.row(
                    row.recipe(),
                    row.variant(),
                    row.device(),
                    (row.holdout() ? "held-out" : "test")
                            + (row.limit() == 0 ? "" : ", after " + Units.count(row.limit())),
                    Units.count(row.parameters()),
                    Integer.toString(row.epochs()),
                    Integer.toString(row.runs()),
                    percent(mean),
                    percent(row.deviation()),
                    percent(row.minimum()),
                    percent(row.maximum()),
                    mean == null || halfWidth == null
                            ? "-"
                            : percent(mean - halfWidth) + " to " + percent(Math.min(1, mean + halfWidth)),
                    row.seconds() == null ? "-" : String.format(Locale.ROOT, "%.1f", row.seconds()),
                    row.diverged() == 0 ? "" : row.diverged() + " more diverged");
        }
        return table;
    }

    private static String percent(@Nullable Double fraction) {
        return fraction == null ? "-" : String.format(Locale.ROOT, "%.3f", 100 * fraction);
    }
}
