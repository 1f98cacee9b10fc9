package io.mnist20k.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How many images a run trains on, and whether it may take more than the budget.
class SizeOptions {
    @Option(
            names = "--limit",
            paramLabel = "N",
            converter = OptionValues.Count.class,
            description = "Train on only the first N training images.")
    private @Nullable Integer limit;

    @Option(
            names = "--no-budget",
            description = "Allow 20,000 or more parameters, 20 or more epochs; the result says so.")
    private boolean noBudget;

    /// @param otherwise the limit where none is given
    int limit(int otherwise) {
        return limit == null ? otherwise : limit;
    }

    boolean noBudget() {
        return noBudget;
    }
}
