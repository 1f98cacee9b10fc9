package io.mnist20k.cli;

import picocli.CommandLine.Option;

/// Which of the images a run trains on and which it is judged by, how many, and whether it may take more than the
/// budget.
final class ExtentOptions extends SizeOptions {
    @Option(
            names = "--holdout",
            description = "Train on five sixths of the training images and validate on the others, to choose a recipe"
                    + " by; the test files are left alone.")
    private boolean holdout;

    @Option(
            names = "--redraw",
            description = "Throw training and test images together and draw them apart anew, by the seed: how a recipe"
                    + " does on other splits of the same digits.")
    private boolean redraw;

    boolean holdout() {
        return holdout;
    }

    boolean redraw() {
        return redraw;
    }
}
