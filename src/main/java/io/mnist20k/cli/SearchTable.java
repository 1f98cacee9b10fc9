package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.sweep.Candidate;
import io.mnist20k.sweep.Row;
import io.mnist20k.sweep.Search;
import io.mnist20k.sweep.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A rung of a search for a terminal, best first, a column for each varied key.
final class SearchTable {
    private SearchTable() {}

    static TextTable of(List<SearchSpace.Varied> varied, Search.Rung rung) {
        var headings = new ArrayList<String>();
        headings.add("<recipe");
        varied.forEach(key -> headings.add(key.key()));
        headings.addAll(List.of("parameters", "runs", "mean %", "deviation", "minimum", "95 % interval", "loss", "<"));
        var table = new TextTable(headings.toArray(String[]::new));
        for (int i = 0; i < rung.standings().size(); i++) {
            Candidate candidate = rung.standings().get(i).candidate();
            Row row = rung.standings().get(i).row();
            Stream<String> values =
                    candidate.changes().stream().map(change -> change.substring(change.indexOf('=') + 1));
            Stream<String> figures = Stream.of(
                    Units.count(row.parameters()),
                    Integer.toString(row.runs()),
                    SweepTable.percent(row.mean()),
                    SweepTable.percent(row.deviation()),
                    SweepTable.percent(row.minimum()),
                    SweepTable.interval(row),
                    SweepTable.number("%.4f", row.loss()),
                    (row.diverged() == 0 ? "" : row.diverged() + " more diverged ")
                            + (i < rung.goOn() ? "goes on" : ""));
            table.row(Stream.concat(Stream.concat(Stream.of(candidate.origin()), values), figures)
                    .toArray(String[]::new));
        }
        return table;
    }
}
