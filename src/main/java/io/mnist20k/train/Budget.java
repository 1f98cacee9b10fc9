package io.mnist20k.train;

import io.mnist20k.UserError;
import io.mnist20k.network.Network;
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

    /// @param lifted whether the person who trains allowed more
    /// @return whether the run takes more than the budget, which the result has to say then
    /// @throws UserError where it does and is not allowed to, saying by how much
    public static boolean check(Network network, int epochs, boolean lifted) {
        var excess = new ArrayList<String>();
        if (network.parameterCount() >= PARAMETERS) {
            excess.add(String.format(
                    Locale.ROOT,
                    "the network has %,d parameters, %,d more than the %,d allowed",
                    network.parameterCount(),
                    network.parameterCount() - PARAMETERS + 1,
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
        if (!excess.isEmpty() && !lifted) {
            throw new UserError("training is over budget: " + String.join(" and ", excess)
                    + "; make it smaller, or lift the budget with --no-budget");
        }
        return !excess.isEmpty();
    }
}
