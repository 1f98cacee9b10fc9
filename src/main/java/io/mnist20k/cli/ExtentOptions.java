package io.mnist20k.cli;

import io.mnist20k.data.Validation;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Which of the images a run trains on and which it is judged by, how many, and whether it may take more than the
/// budget.
final class ExtentOptions extends SizeOptions {
    @Option(
            names = "--holdout",
            description = "Train on five sixths of the training images and validate on the rest, to choose a recipe;"
                    + " the test files are not opened.")
    private boolean holdout;

    @Option(
            names = "--redraw",
            description = "Pool training and test images and split them anew, by the seed, to see how a recipe does on"
                    + " other splits of the same digits.")
    private boolean redraw;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    /// @param otherwise what judges where neither is asked for
    Validation validation(Validation otherwise) {
        if (holdout && redraw) {
            throw new ParameterException(
                    command.commandLine(),
                    "--holdout judges by training images and --redraw by a draw from all images; leave one of them out");
        }
        return holdout ? Validation.HELD_OUT : redraw ? Validation.REDRAWN : otherwise;
    }
}
