package io.mnist20k.recipe;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleFunction;
import org.junit.jupiter.api.Test;

final class RangesTest {
    @Test
    void rangesIncludeTheirEndsAndNothingBeyond() {
        assertRange("lr", 0, 100, lr -> new Optimizer.Sgd(lr, 0, false, 0));
        assertRange("weight_decay", 0, 10, decay -> new Optimizer.Sgd(1, 0, false, decay));
        assertRange("lr", 0, 100, lr -> new Optimizer.AdamW(lr, 0, 0, 1, 0));
        assertRange("weight_decay", 0, 10, decay -> new Optimizer.AdamW(1, 0, 0, 1, decay));
        assertRange("epsilon", 1e-12, 1, epsilon -> new Optimizer.AdamW(1, 0, 0, epsilon, 0));
        assertRange("beta1", 0, 0.99999, beta -> new Optimizer.AdamW(1, beta, 0, 1, 0));
        assertRange("beta2", 0, 0.99999, beta -> new Optimizer.AdamW(1, 0, beta, 1, 0));
        assertRange("rotation", 0, 180, rotation -> new Augmentation(rotation, 0, 0, 0));
        assertRange("scale", 0, 0.9, scale -> new Augmentation(0, scale, 0, 0));
        assertRange("shear", 0, 2, shear -> new Augmentation(0, 0, shear, 0));
        assertRange("shift", 0, 28, shift -> new Augmentation(0, 0, 0, shift));
        assertRange("start", 0, 1, start -> new Schedule.OneCycle(0, start, 0));
        assertRange("end", 0, 1, end -> new Schedule.OneCycle(0, 0, end));
        assertRange("end", 0, 1, end -> new Schedule.Cosine(0, end));
        assertRange("factor", 0, 1, factor -> new Schedule.Step(1, factor));
        assertRange("factor", 0, 1, factor -> new Schedule.Plateau(factor, 0));
    }

    @Test
    void sharesAreLessThanOne() {
        double most = Math.nextDown(1.0);
        assertRange("momentum", 0, most, momentum -> new Optimizer.Sgd(1, momentum, false, 0));
        assertRange("momentum", 0, most, momentum -> new Optimizer.Muon(momentum, new Optimizer.AdamW(1, 0, 0, 1, 0)));
        assertRange("warmup", 0, most, warmup -> new Schedule.OneCycle(warmup, 0, 0));
        assertRange("warmup", 0, most, warmup -> new Schedule.Cosine(warmup, 0));
    }

    @Test
    void countsAreWithinWhatMakesSense() {
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Step(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Plateau(1, -1));
        assertDoesNotThrow(() -> new Schedule.Plateau(1, 0));
        assertDoesNotThrow(() -> new Schedule.Step(65_536, 1));
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Step(65_537, 1));
        assertDoesNotThrow(() -> new Schedule.Plateau(1, 65_536));
        assertThrows(IllegalArgumentException.class, () -> new Schedule.Plateau(1, 65_537));
    }

    private static void assertRange(String key, double low, double high, DoubleFunction<Object> make) {
        assertDoesNotThrow(() -> make.apply(low));
        assertDoesNotThrow(() -> make.apply(high));
        for (double wrong :
                new double[] {Math.nextDown(low), Math.nextUp(high), Double.NaN, Double.POSITIVE_INFINITY}) {
            var refusal = assertThrows(OutOfRangeException.class, () -> make.apply(wrong), key + " = " + wrong);
            assertEquals(key, refusal.key());
            assertTrue(refusal.toString().contains(key + " is " + RecipeWriter.plain(wrong)), refusal::toString);
        }
    }
}
