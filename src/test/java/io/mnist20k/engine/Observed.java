package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;

/// Writes down what a session reports, and insists on the order of the steps.
final class Observed implements StepObserver {
    private final int firstStep;
    private final boolean goOn;
    private final List<Double> lossSums = new ArrayList<>();
    private final List<Integer> correct = new ArrayList<>();

    /// @param goOn the answer to every report
    Observed(int firstStep, boolean goOn) {
        this.firstStep = firstStep;
        this.goOn = goOn;
    }

    @Override
    public boolean stepDone(int step, double lossSum, int correct) {
        assertEquals(firstStep + lossSums.size(), step, "order of the reported steps");
        lossSums.add(lossSum);
        this.correct.add(correct);
        return goOn;
    }

    List<Double> lossSums() {
        return lossSums;
    }

    List<Integer> correct() {
        return correct;
    }
}
