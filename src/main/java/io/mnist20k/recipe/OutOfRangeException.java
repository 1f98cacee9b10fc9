package io.mnist20k.recipe;

import java.math.BigDecimal;

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

    /// A number as a person writes it in a recipe: no trailing `.0`, a small `e`. Reading it back gives the same
    /// bits.
    static String plain(double value) {
        String text = Double.toString(value).replace(".0E", "e").replace('E', 'e');
        if (text.contains("e") && Math.abs(value) >= 1e-4 && Math.abs(value) < 1) {
            text = new BigDecimal(text).toPlainString();
        }
        return text.endsWith(".0") && !text.equals("-0.0") ? text.substring(0, text.length() - 2) : text;
    }
}
