package io.mnist20k.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

final class AxisTest {
    @Property
    void aLinearAxisHoldsItsRangeInFewRoundTicks(
            @ForAll @DoubleRange(min = -100, max = 100) double a,
            @ForAll @DoubleRange(min = -100, max = 100) double b) {
        holds(Axis.linear(Math.min(a, b), Math.max(a, b)), Math.min(a, b), Math.max(a, b));
    }

    @Property
    void aLogarithmicAxisHoldsItsRangeInFewRoundTicks(
            @ForAll @DoubleRange(min = -9, max = 3) double a, @ForAll @DoubleRange(min = -9, max = 3) double b) {
        double low = Math.pow(10, Math.min(a, b));
        double high = Math.pow(10, Math.max(a, b));
        holds(Axis.logarithmic(low, high), low, high);
    }

    private static void holds(Axis axis, double low, double high) {
        double slack = 1e-8 * Math.max(1, Math.abs(high - low));
        assertTrue(axis.low() <= low + slack && axis.high() >= high - slack, axis.toString());
        assertTrue(axis.ticks().size() >= 2 && axis.ticks().size() <= 14, axis.toString());
        for (int i = 1; i < axis.ticks().size(); i++) {
            assertTrue(axis.ticks().get(i) > axis.ticks().get(i - 1), axis.toString());
        }
        assertEquals(0, axis.position(axis.low()), 1e-9);
        assertEquals(1, axis.position(axis.high()), 1e-9);
    }

    @Test
    void ticksAreWhatPeopleWouldDraw() {
        assertEquals(List.of("98.5", "99", "99.5", "100"), labels(Axis.linear(98.6, 99.9)));
        assertEquals(List.of("0", "0.002", "0.004", "0.006", "0.008", "0.01"), labels(Axis.linear(0, 0.01)));
        assertEquals(List.of("0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"), labels(Axis.logarithmic(0.03, 1.6)));
        assertEquals(List.of("0.01", "0.1", "1"), labels(new Axis(true, List.of(0.01, 0.1, 1.0))));
    }

    @Test
    void oneValueAloneHasAnAxisToo() {
        holds(Axis.linear(99, 99), 99, 99);
        holds(Axis.linear(0, 0), 0, 0);
        holds(Axis.logarithmic(0.1, 0.1), 0.1, 0.1);
    }

    private static List<String> labels(Axis axis) {
        return axis.ticks().stream().map(axis::label).toList();
    }
}
