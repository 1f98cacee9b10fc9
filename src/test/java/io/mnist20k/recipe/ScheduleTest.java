package io.mnist20k.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

final class ScheduleTest {
    /// A few roundings of numbers up to 1.
    private static final double ROUNDING = 8 * Math.ulp(1.0);

    private static double at(Schedule schedule, long step, long totalSteps) {
        return schedule.factor(step, totalSteps, Integer.MAX_VALUE, List.of());
    }

    @Test
    void oneCycleStartsPeaksAndEndsWhereItSays() {
        var schedule = new Schedule.OneCycle(0.25, 0.04, 0.001);
        assertEquals(0.04, at(schedule, 0, 401), ROUNDING);
        assertEquals(0.52, at(schedule, 50, 401), ROUNDING, "halfway up: the mean of 0.04 and 1");
        assertEquals(1, at(schedule, 100, 401), ROUNDING);
        assertEquals(0.5005, at(schedule, 250, 401), ROUNDING, "halfway down: the mean of 1 and 0.001");
        assertEquals(0.001, at(schedule, 400, 401), ROUNDING);
        assertEquals(0.04 + 0.96 * (1 - Math.sqrt(0.5)) / 2, at(schedule, 25, 401), ROUNDING, "cos 45° = √½");
    }

    @Test
    void cosineRisesStraightAndFallsAsItsFormula() {
        var schedule = new Schedule.Cosine(0.1, 0.2);
        assertEquals(1 / 11.0, at(schedule, 0, 101), ROUNDING);
        assertEquals(5 / 11.0, at(schedule, 4, 101), ROUNDING);
        assertEquals(1, at(schedule, 10, 101), ROUNDING);
        assertEquals(0.6, at(schedule, 55, 101), ROUNDING);
        assertEquals(0.2, at(schedule, 100, 101), ROUNDING);
    }

    @Test
    void runsOfOneStepHaveARate() {
        assertEquals(1, at(new Schedule.OneCycle(0, 0.04, 0), 0, 1));
        assertEquals(0.04, at(new Schedule.OneCycle(0.3, 0.04, 0), 0, 1), ROUNDING);
        assertEquals(1, at(new Schedule.Cosine(0.3, 0), 0, 1));
    }

    @Test
    void stepFallsAtTheFirstStepOfAnEpoch() {
        var schedule = new Schedule.Step(2, 0.5);
        assertEquals(1, schedule.factor(13, 70, 7, List.of()), "last step of the second epoch");
        assertEquals(0.5, schedule.factor(14, 70, 7, List.of()));
        assertEquals(0.5, schedule.factor(27, 70, 7, List.of()));
        assertEquals(0.25, schedule.factor(28, 70, 7, List.of()));
        assertEquals(0.0625, schedule.factor(69, 70, 7, List.of()));
    }

    @Test
    void plateauFallsAfterMoreThanPatienceEpochsWithoutImprovement() {
        var schedule = new Schedule.Plateau(0.5, 1);
        List<Double> losses = List.of(1.0, 0.8, 0.8, 0.9, 0.79, 0.8, 0.8, 0.8, 0.8);
        double[] expected = {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125};
        for (int epoch = 0; epoch < expected.length; epoch++) {
            assertEquals(expected[epoch], schedule.factor(epoch * 3L, 30, 3, losses), "epoch " + epoch);
        }
    }

    @Test
    void fallsSmallerThanOneInTenThousandAreNoImprovement() {
        var schedule = new Schedule.Plateau(0.1, 0);
        assertEquals(0.1, schedule.factor(2, 10, 1, List.of(1.0, 0.99995)));
        assertEquals(1, schedule.factor(2, 10, 1, List.of(1.0, 0.9998)));
        assertEquals(0.1, schedule.factor(2, 10, 1, List.of(1.0, Double.NaN)));
    }

    @Test
    void plateauLooksAtNothingAfterItsStep() {
        var schedule = new Schedule.Plateau(0.5, 0);
        List<Double> all = List.of(1.0, 2.0, 0.5, 3.0, 4.0);
        for (int epoch = 0; epoch <= all.size(); epoch++) {
            assertEquals(
                    schedule.factor(epoch, 6, 1, all.subList(0, epoch)),
                    schedule.factor(epoch, 6, 1, all),
                    "epoch " + epoch);
        }
    }

    @Test
    void plateauWithoutTheLossesOfEveryFinishedEpochIsRefused() {
        var schedule = new Schedule.Plateau(0.5, 0);
        var refusal = assertThrows(IllegalArgumentException.class, () -> schedule.factor(7, 10, 3, List.of(1.0)));
        assertTrue(
                refusal.toString().contains("2 epochs") && refusal.toString().contains("found 1"), refusal::toString);
    }

    @Property
    void factorsStayBetweenZeroAndOne(
            @ForAll("schedules") Schedule schedule,
            @ForAll @IntRange(min = 1, max = 50) int epochs,
            @ForAll @IntRange(min = 1, max = 500) int stepsPerEpoch,
            @ForAll Random random) {
        long total = (long) epochs * stepsPerEpoch;
        List<Double> losses = random.doubles(epochs).boxed().toList();
        for (long step : new long[] {0, 1, total / 3, total / 2, total - 1}) {
            if (step < total) {
                double factor = schedule.factor(step, total, stepsPerEpoch, losses);
                assertTrue(factor >= 0 && factor <= 1 + ROUNDING, () -> schedule + " gave " + factor + " at " + step);
            }
        }
    }

    @Property
    void lastStepHasTheEndFactor(
            @ForAll("schedules") Schedule schedule, @ForAll @IntRange(min = 2, max = 20_000) int total) {
        switch (schedule) {
            case Schedule.OneCycle s -> assertEquals(s.end(), at(s, total - 1, total), ROUNDING);
            case Schedule.Cosine s -> assertEquals(s.end(), at(s, total - 1, total), ROUNDING);
            default -> {}
        }
    }

    /// A half cosine of height h over n steps climbs at most h π / 2 n a step; a straight line of height 1 over n
    /// steps 1 / n.
    @Property
    void smoothSchedulesNeverJump(
            @ForAll @IntRange(min = 100, max = 3000) int total,
            @ForAll @IntRange(min = 10, max = 90) int warmupPercent,
            @ForAll @IntRange(max = 100) int startPercent,
            @ForAll @IntRange(max = 100) int endPercent) {
        double warmup = warmupPercent / 100.0;
        // One step is lost at the end of the run, at most half a one where the warm-up is rounded.
        double shortestLeg = Math.min(warmup, 1 - warmup) * total - 1.5;
        double steepest = Math.PI / 2 / shortestLeg + ROUNDING;
        for (Schedule schedule : List.of(
                new Schedule.OneCycle(warmup, startPercent / 100.0, endPercent / 100.0),
                new Schedule.Cosine(warmup, endPercent / 100.0))) {
            var factors = new ArrayList<Double>();
            for (int step = 0; step < total; step++) {
                factors.add(at(schedule, step, total));
            }
            for (int step = 1; step < total; step++) {
                double jump = Math.abs(factors.get(step) - factors.get(step - 1));
                assertTrue(jump <= steepest, schedule + " jumps by " + jump + " at " + step + " of " + total);
            }
            if (startPercent < 100 && endPercent < 100) {
                int peak = factors.indexOf(Collections.max(factors));
                assertEquals(warmup * total, peak, 2, schedule + " of " + total + " steps peaks at " + peak);
            }
        }
    }

    @Property
    void thePastDecidesAlone(
            @ForAll("schedules") Schedule schedule,
            @ForAll @IntRange(min = 1, max = 40) int epochs,
            @ForAll Random random) {
        List<Double> losses = random.doubles(epochs).boxed().toList();
        for (int epoch = 0; epoch < epochs; epoch++) {
            assertEquals(
                    schedule.factor(epoch * 5L, epochs * 5L, 5, losses),
                    schedule.factor(epoch * 5L, epochs * 5L, 5, losses.subList(0, epoch)));
        }
    }

    @Provide
    Arbitrary<Schedule> schedules() {
        return Recipes.schedules();
    }
}
