package io.mnist20k.train;

import io.mnist20k.UserError;
import io.mnist20k.data.Split;
import io.mnist20k.recipe.Recipe;

/// What a run is: all that decides its result, but for the images themselves and the device.
///
/// @param seed         key of every random choice
/// @param holdout      whether to validate on held-out training images instead of on the test files
/// @param redrawn      whether training and test images are drawn anew from all of them, by the seed: see
///                     [Split#redraw]
/// @param limit        to train on the first so many training images only; 0 for all
/// @param budgetLifted whether the run may take more than the [Budget]
/// @param dataFolder   where the images came from, for the one who goes on with the run; empty for the program's
///                     own cache
public record RunSettings(
        Recipe recipe,
        long seed,
        boolean holdout,
        boolean redrawn,
        int limit,
        boolean budgetLifted,
        String dataFolder) {
    /// What is wrong with a run that is both held out and re-drawn.
    public static final String TWO_JUDGES =
            "--holdout judges by training images and --redraw by a draw from all images; leave one of them out";

    /// @throws UserError where the run is over budget, has no image to train on, or two kinds of images to be judged by
    public RunSettings {
        if (limit < 0) {
            throw new UserError("--limit is " + limit + ", expected a number of training images, or 0 for all");
        }
        if (holdout && redrawn) {
            throw new UserError(TWO_JUDGES);
        }
        budgetLifted = Budget.check(recipe.build(), recipe.epochs(), budgetLifted);
    }

    /// Of a run on all training images that the test files judge, within the budget.
    ///
    /// @throws UserError where the recipe is over budget
    public static RunSettings of(Recipe recipe, long seed) {
        return new RunSettings(recipe, seed, false, false, 0, false, "");
    }

    /// What the images that the run is judged by are called: `test`, `held-out` or `re-drawn`.
    public String validationName() {
        return holdout ? "held-out" : redrawn ? "re-drawn" : "test";
    }

    /// The images to train and to validate on.
    ///
    /// @param files the dataset as its files have it
    /// @throws UserError where there are too few images to hold any out
    public Split select(Split files) {
        Split split = holdout ? Split.holdout(files.train()) : redrawn ? files.redraw(seed) : files;
        return limit > 0 ? split.limit(limit) : split;
    }
}
