package io.mnist20k.train;

import static io.mnist20k.Sentence.assertDoesNotSay;
import static io.mnist20k.Sentence.assertSays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.UserError;
import io.mnist20k.data.Validation;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BudgetTest {
    @Test
    void theLargestNetworkAndLongestRunPass() {
        Budget.check(19_999, 19);
        assertFalse(Budget.isExceeded(19_999, 19));
    }

    @ParameterizedTest
    @ValueSource(ints = {20_000, 20_001})
    void tooManyParametersAreRefusedSayingByHowMuch(int parameters) {
        assertTrue(Budget.isExceeded(parameters, 19));
        UserError error = assertThrows(UserError.class, () -> Budget.check(parameters, 19));
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
        assertTrue(Budget.isExceeded(19_999, epochs));
        UserError error = assertThrows(UserError.class, () -> Budget.check(19_999, epochs));
        assertSays(error, epochs + " epochs", (epochs - 19) + " more", "--no-budget");
        assertDoesNotSay(error, "parameters");
    }

    @Test
    void bothExcessesAreNamedAtOnce() {
        UserError error = assertThrows(UserError.class, () -> Budget.check(20_001, 25));
        assertSays(error, "20,001 parameters", "25 epochs");
    }

    /// `small` has 2,955 parameters; a wide dense layer alone has more than are allowed.
    @ParameterizedTest
    @CsvSource({
        "epochs=19, false",
        "epochs=20, true",
        "'network=[{type=\"dense\",out=26},{type=\"dense\",out=10},{type=\"softmax\"}]', true"
    })
    void aRunIsOverBudgetOnlyWhereItIsLiftedAndHasToBe(String change, boolean over) {
        Recipe recipe = RecipeReader.read("small", List.of(change));
        assertEquals(over, new RunSettings(recipe, 1, Validation.TEST, 0, true, "").budgetLifted());
        if (over) {
            assertThrows(UserError.class, () -> RunSettings.of(recipe, 1));
        } else {
            assertFalse(RunSettings.of(recipe, 1).budgetLifted());
        }
    }
}
