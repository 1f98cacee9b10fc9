package io.mnist20k.train;

import static io.mnist20k.Sentence.assertDoesNotSay;
import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BudgetTest {
    /// One value, `hidden` values, one value, ten classes: `hidden` + `hidden` + bias + 10 + 10 parameters.
    private static Network network(int parameters) {
        boolean odd = parameters % 2 == 1;
        var network = new Network(
                Shape.IMAGE,
                10,
                List.of(
                        new Layer.GlobalAvgPool(),
                        new Layer.Dense((parameters - 20) / 2, false),
                        new Layer.Dense(1, odd),
                        new Layer.Dense(10, true),
                        new Layer.Softmax()));
        assertEquals(parameters, network.parameterCount());
        return network;
    }

    @Test
    void theLargestNetworkAndLongestRunPass() {
        assertFalse(Budget.check(network(19_999), 19, false));
        assertFalse(Budget.check(network(19_999), 19, true));
    }

    @ParameterizedTest
    @ValueSource(ints = {20_000, 20_001})
    void tooManyParametersAreRefusedSayingByHowMuch(int parameters) {
        UserError error = assertThrows(UserError.class, () -> Budget.check(network(parameters), 19, false));
        assertSays(
                error,
                String.format(Locale.ROOT, "%,d parameters", parameters),
                (parameters - 19_999) + " more",
                "--no-budget");
        assertDoesNotSay(error, "epochs");
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 21})
    void tooManyEpochsAreRefusedSayingByHowMuch(int epochs) {
        UserError error = assertThrows(UserError.class, () -> Budget.check(network(19_999), epochs, false));
        assertSays(error, epochs + " epochs", (epochs - 19) + " more", "--no-budget");
        assertDoesNotSay(error, "parameters");
    }

    @Test
    void bothExcessesAreNamedAtOnce() {
        UserError error = assertThrows(UserError.class, () -> Budget.check(network(20_001), 25, false));
        assertSays(error, "20,001 parameters", "25 epochs");
    }

    @Test
    void aLiftedBudgetIsReportedWhereItWasNeeded() {
        assertTrue(Budget.check(network(20_000), 19, true));
        assertTrue(Budget.check(network(19_999), 20, true));
    }
}
