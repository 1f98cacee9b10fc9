package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.sweep.Row;
import io.mnist20k.sweep.RunResult;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The rows of a sweep as tables. Percentages have a digit more than a single run's: they are of many.
final class SweepTable {
    private SweepTable() {}

    /// All that tells rows apart, for a terminal.
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
                "loss",
                "seconds",
                "<");
        for (Row row : rows) {
            table.row(
                    row.recipe(),
                    row.variant(),
                    row.device(),
                    images(row),
                    Units.count(row.parameters()),
                    Integer.toString(row.epochs()),
                    Integer.toString(row.runs()),
                    percent(row.mean()),
                    percent(row.deviation()),
                    percent(row.minimum()),
                    percent(row.maximum()),
                    interval(row),
                    number("%.4f", row.loss()),
                    number("%.1f", row.seconds()),
                    remarks(row));
        }
        return table;
    }

    /// What a page says of them.
    static TextTable forPage(List<Row> rows) {
        var table = new TextTable(
                "<recipe",
                "<images",
                "parameters",
                "epochs",
                "runs",
                "mean ± deviation, %",
                "least, %",
                "95 % interval of the mean",
                "loss, nats",
                "seconds, median");
        for (Row row : rows) {
            table.row(
                    row.recipe() + (row.isOverBudget() ? " (over budget)" : ""),
                    images(row),
                    Units.count(row.parameters()),
                    Integer.toString(row.epochs()),
                    row.runs() + (row.diverged() == 0 ? "" : " and " + row.diverged() + " diverged"),
                    percent(row.mean()) + " ± " + percent(row.deviation()),
                    percent(row.minimum()),
                    interval(row),
                    number("%.4f", row.loss()),
                    number("%.1f", row.seconds()));
        }
        return table;
    }

    /// A line a run, in their order.
    static TextTable ofRuns(List<RunResult> runs) {
        var table =
                new TextTable("<recipe", "<images", "seed", "accuracy, %", "best epoch, %", "loss, nats", "seconds");
        for (RunResult run : runs) {
            table.row(
                    run.recipe(),
                    images(run.data(), run.validation(), run.limit()),
                    Long.toString(run.seed()),
                    run.hasDiverged() ? "diverged" : number("%.2f", hundredfold(run.finalAccuracy())),
                    number("%.2f", hundredfold(run.bestAccuracy())),
                    number("%.4f", run.finalLoss()),
                    number("%.1f", run.trainSeconds()));
        }
        return table;
    }

    private static String remarks(Row row) {
        return Stream.of(
                        row.diverged() == 0 ? "" : row.diverged() + " more diverged",
                        row.isOverBudget() ? "over budget" : "")
                .filter(remark -> !remark.isEmpty())
                .collect(Collectors.joining(", "));
    }

    private static String images(Row row) {
        return images(row.data(), row.validation(), row.limit());
    }

    private static String images(String data, String validation, int limit) {
        return data + ", " + validation + (limit == 0 ? "" : ", trained on " + Units.count(limit));
    }

    static String interval(Row row) {
        Double mean = row.mean();
        Double halfWidth = row.halfWidth95();
        return mean == null || halfWidth == null
                ? "-"
                : percent(Math.max(0, mean - halfWidth)) + " to " + percent(Math.min(1, mean + halfWidth));
    }

    static String percent(@Nullable Double fraction) {
        return number("%.3f", hundredfold(fraction));
    }

    private static @Nullable Double hundredfold(@Nullable Double fraction) {
        return fraction == null ? null : 100 * fraction;
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency for this line alone
    static String number(String format, @Nullable Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, format, value);
    }
}
