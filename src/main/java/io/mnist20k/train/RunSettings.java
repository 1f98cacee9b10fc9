package io.mnist20k.train;

import io.mnist20k.UserError;
import io.mnist20k.data.Split;
import io.mnist20k.data.Validation;
import io.mnist20k.recipe.Recipe;

/// What a run is: all that decides its result, but for the images themselves and the device.
///
/// @param seed         key of every random choice
/// @param validation   which images judge it
/// @param limit        to train on the first so many training images only; 0 for all
/// @param budgetLifted whether the run may take more than the [Budget]; false, once made, where it does not
/// @param dataFolder   where the images came from, for the one who goes on with the run; empty for the program's
///                     own cache
public record RunSettings(
        Recipe recipe, long seed, Validation validation, int limit, boolean budgetLifted, String dataFolder) {
    /// @throws UserError where the run is over budget, or has no image to train on
    public RunSettings {
        if (limit < 0) {
            throw new UserError("--limit is " + limit + ", expected a number of training images, or 0 for all");
        }
        int parameters = recipe.build().parameterCount();
        if (!budgetLifted) {
            Budget.check(parameters, recipe.epochs());
        }
        budgetLifted = Budget.isExceeded(parameters, recipe.epochs()); // lifted for nothing is not lifted
    }

    /// Of a run on all training images that the test files judge, within the budget.
    ///
    /// @throws UserError where the recipe is over budget
    public static RunSettings of(Recipe recipe, long seed) {
        return new RunSettings(recipe, seed, Validation.TEST, 0, false, "");
    }

    /// The images to train and to validate on.
    ///
    /// @param files the dataset as its files have it
    /// @throws UserError where there are too few images to hold any out, or fewer to train on than the limit
    public Split select(Split files) {
        Split split = validation.select(files, seed);
        int count = split.train().count();
        if (limit > count) {
            throw new UserError("--limit " + limit + ": there are " + count
                    + " images to train on; give a smaller one, or leave it out");
        }
        return limit > 0 ? split.limit(limit) : split;
    }
}
