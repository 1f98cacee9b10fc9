package io.mnist20k.train;

import io.mnist20k.UserError;
import java.util.ArrayList;
import java.util.Locale;

/// What a run may take: fewer than 20,000 trainable parameters, fewer than 20 epochs.
public final class Budget {
    /// The first number of parameters that is too many.
    public static final int PARAMETERS = 20_000;

    /// The first number of epochs that is too many.
    public static final int EPOCHS = 20;

    private Budget() {}

    /// Whether a run takes more.
    public static boolean isExceeded(int parameters, int epochs) {
        return parameters >= PARAMETERS || epochs >= EPOCHS;
    }

    /// @throws UserError where a run takes more, saying by how much
    static void check(int parameters, int epochs) {
        var excess = new ArrayList<String>();
        if (parameters >= PARAMETERS) {
            excess.add(String.format(
                    Locale.ROOT,
                    "the network has %,d parameters, %,d more than the %,d allowed",
                    parameters,
                    parameters - PARAMETERS + 1,
                    PARAMETERS - 1));
        }
        if (epochs >= EPOCHS) {
            excess.add(String.format(
                    Locale.ROOT,
                    "the recipe takes %,d epochs, %,d more than the %,d allowed",
                    epochs,
                    epochs - EPOCHS + 1,
                    EPOCHS - 1));
        }
        if (!excess.isEmpty()) {
            throw new UserError("training is over budget: " + String.join(" and ", excess)
                    + "; make it smaller, or lift the budget with --no-budget");
        }
    }
}
