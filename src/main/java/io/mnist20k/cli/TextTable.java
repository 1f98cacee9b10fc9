package io.mnist20k.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Aligned columns: text to the left, numbers to the right.
final class TextTable {
    private final List<String> headings;
    private final boolean[] toTheLeft;
    private final List<List<String>> rows = new ArrayList<>();

    /// @param headings one that begins with `<` heads a column of text
    TextTable(String... headings) {
        this.headings =
                List.of(headings).stream().map(h -> h.replaceFirst("^<", "")).toList();
        this.toTheLeft = new boolean[headings.length];
        for (int i = 0; i < headings.length; i++) {
            toTheLeft[i] = headings[i].startsWith("<");
        }
    }

    TextTable row(String... cells) {
        rows.add(Stream.of(cells).map(Printable::of).toList());
        return this;
    }

    /// The headings, and a line a row.
    List<String> lines() {
        var all = new ArrayList<List<String>>();
        all.add(headings);
        all.addAll(rows);
        int[] widths = IntStream.range(0, headings.size())
                .map(column -> all.stream()
                        .mapToInt(row -> row.get(column).length())
                        .max()
                        .orElse(0))
                .toArray();
        return all.stream().map(row -> line(row, widths)).toList();
    }

    /// The same as a table of Markdown.
    List<String> markdown() {
        var lines = new ArrayList<String>();
        lines.add(markdown(headings));
        lines.add(markdown(IntStream.range(0, headings.size())
                .mapToObj(column -> toTheLeft[column] ? "---" : "---:")
                .toList()));
        rows.forEach(row -> lines.add(markdown(row)));
        return lines;
    }

    private static String markdown(List<String> cells) {
        return cells.stream().map(cell -> cell.replace("|", "\\|")).collect(Collectors.joining(" | ", "| ", " |"));
    }

    private String line(List<String> row, int[] widths) {
        return IntStream.range(0, row.size())
                .mapToObj(column -> {
                    String padding = " ".repeat(widths[column] - row.get(column).length());
                    return toTheLeft[column] ? row.get(column) + padding : padding + row.get(column);
                })
                .collect(Collectors.joining("  "))
                .stripTrailing();
    }
}
