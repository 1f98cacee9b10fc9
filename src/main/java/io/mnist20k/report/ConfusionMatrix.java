package io.mnist20k.report;

import static io.mnist20k.report.Html.format;

import java.util.Arrays;

/// Which class was taken for which, the more often the darker. The right answers, which are nearly all, stay plain, so
/// that they do not outshine the mistakes, and the darkest is light enough to be read.
final class ConfusionMatrix {
    private ConfusionMatrix() {}

    /// @param confusion `[truth][prediction]` counts
    static String html(int[][] confusion) {
        int worst = worst(confusion);
        var rows = new StringBuilder();
        var headings = new StringBuilder();
        for (int truth = 0; truth < confusion.length; truth++) {
            headings.append("<th scope=\"col\">").append(truth).append("</th>");
            rows.append("<tr><th scope=\"row\">").append(truth).append("</th>");
            for (int predicted = 0; predicted < confusion.length; predicted++) {
                rows.append(cell(truth, predicted, confusion[truth][predicted], worst));
            }
            rows.append(recall(confusion[truth], truth)).append("</tr>\n");
        }
        return format("""
                %s<table class="confusion">
                <thead>
                <tr><td></td><th scope="colgroup" colspan="%d">what the network says</th><td></td></tr>
                <tr><th scope="col">what it is</th>%s<th scope="col">found</th></tr>
                </thead>
                <tbody>
                %s</tbody>
                </table></div>
                """, Html.wide("Confusion matrix"), confusion.length, headings, rows);
    }

    private static String cell(int truth, int predicted, int count, int worst) {
        if (truth == predicted) {
            return format("<td class=\"right\">%,d</td>", count);
        }
        if (count == 0) {
            return "<td>·</td>";
        }
        return format(
                "<td class=\"heat\" style=\"--heat:%.0f%%\" title=\"%d taken for %d\">%,d</td>",
                15 + 40.0 * count / worst, truth, predicted, count);
    }

    private static String recall(int[] row, int truth) {
        int all = Arrays.stream(row).sum();
        return all == 0 ? "<td>–</td>" : format("<td class=\"recall\">%.2f %%</td>", 100.0 * row[truth] / all);
    }

    /// The largest count off the diagonal, at least 1.
    private static int worst(int[][] confusion) {
        int worst = 1;
        for (int truth = 0; truth < confusion.length; truth++) {
            for (int predicted = 0; predicted < confusion.length; predicted++) {
                if (truth != predicted) {
                    worst = Math.max(worst, confusion[truth][predicted]);
                }
            }
        }
        return worst;
    }
}
