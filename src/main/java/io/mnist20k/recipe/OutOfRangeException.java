package io.mnist20k.recipe;

import static io.mnist20k.recipe.RecipeWriter.plain;

/// A value of a recipe that is not in the range of its key. The message is the clause "KEY is VALUE, expected
/// RANGE"; the reader adds which recipe and which line.
final class OutOfRangeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// As the document spells it, within the table that the checked record stands for.
    private final String key;

    OutOfRangeException(String key, String found, String expected) {
        super(key + " is " + found + ", expected " + expected);
        this.key = key;
    }

    String key() {
        return key;
    }

    /// Refuses values outside `low..high`, both included.
    static void requireWithin(String key, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new OutOfRangeException(key, plain(value), plain(low) + " to " + plain(high));
        }
    }

    /// Refuses values outside `low..high`, `high` excluded.
    static void requireBelow(String key, double value, double low, double high) {
        if (!(value >= low && value < high)) {
            throw new OutOfRangeException(
                    key, plain(value), "at least " + plain(low) + " and less than " + plain(high));
        }
    }
}
