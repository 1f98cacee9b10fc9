package io.mnist20k.data;

/// The images that a run is judged by, which decides those that it may train on.
public enum Validation {
    /// The test files. All training images are trained on.
    TEST("test"),

    /// A part of the training images, as [Split#holdout] draws it. The test files are not looked at.
    HELD_OUT("held-out"),

    /// As many as the test files have, drawn from all images by the seed, as [Split#redraw] does.
    REDRAWN("re-drawn");

    private final String images;

    Validation(String images) {
        this.images = images;
    }

    /// As models and checkpoints say it.
    ///
    /// @throws IllegalArgumentException where both are true
    public static Validation of(boolean holdout, boolean redrawn) {
        if (holdout && redrawn) {
            throw new IllegalArgumentException("split is held out and re-drawn at once");
        }
        return holdout ? HELD_OUT : redrawn ? REDRAWN : TEST;
    }

    /// @param files the dataset as its files have it
    /// @param seed  the run's
    /// @throws io.mnist20k.UserError where there are too few images to hold any out
    public Split select(Split files, long seed) {
        return switch (this) {
            case TEST -> files;
            case HELD_OUT -> Split.holdout(files.train());
            case REDRAWN -> files.redraw(seed);
        };
    }

    /// What the images are called: `test`, `held-out` or `re-drawn`.
    @Override
    public String toString() {
        return images;
    }
}
