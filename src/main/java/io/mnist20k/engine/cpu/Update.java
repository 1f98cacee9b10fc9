package io.mnist20k.engine.cpu;

import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer;
import java.util.Arrays;
import java.util.List;

/// Parameters, optimiser state and moving averages, and the step that changes them; formulas in
/// `docs/OPERATIONS.md`.
final class Update {
    final float[] parameters;
    final float[] statistics;
    private final float[][] slots;
    private final float[] averagedParameters;
    private final float[] averagedStatistics;
    private final float[] gradient;
    /// 1 where weight decay acts, else 0.
    private final float[] decays;

    private final Training training;
    private long updates;

    Update(Network network, Training training) {
        this.training = training;
        int count = network.parameterCount();
        parameters = new float[count];
        statistics = new float[network.statisticCount()];
        gradient = new float[count];
        decays = new float[count];
        for (Tensor tensor : network.parameters()) {
            if (tensor.shape().size() > 1) {
                Arrays.fill(decays, tensor.offset(), tensor.offset() + tensor.elements(), 1);
            }
        }
        slots = switch (training.optimizer()) {
            case Optimizer.Sgd _ -> new float[1][count];
            case Optimizer.AdamW _ -> new float[2][count];
        };
        averagedParameters = new float[training.averages() ? count : 0];
        averagedStatistics = new float[training.averages() ? statistics.length : 0];
    }

    /// Numbers that an update reads and writes, the gradients of so many blocks among them.
    long floats(int blocks) {
        int changed = 1 + slots.length + (training.averages() ? 1 : 0);
        return (long) parameters.length * (blocks + 2L * changed);
    }

    /// The update of a range of the parameters; ranges may be at work at once. [#finish] follows when all are done.
    void step(Gradients gradients, int blocks, float learningRate, int from, int to) {
        gradients.sum(blocks, from, to, gradient);
        switch (training.optimizer()) {
            case Optimizer.Sgd sgd -> descend(sgd, learningRate, from, to);
            case Optimizer.AdamW adam -> adapt(adam, learningRate, from, to);
        }
        if (training.averages()) {
            average(averagedParameters, parameters, from, to);
        }
    }

    private void descend(Optimizer.Sgd sgd, float lr, int from, int to) {
        float momentum = (float) sgd.momentum();
        float decay = (float) sgd.weightDecay();
        float[] velocity = slots[0];
        for (int i = from; i < to; i++) {
            float g = gradient[i] + decay * decays[i] * parameters[i];
            float v = momentum * velocity[i] + g;
            velocity[i] = v;
            parameters[i] -= lr * (sgd.nesterov() ? g + momentum * v : v);
        }
    }

    private void adapt(Optimizer.AdamW adam, float lr, int from, int to) {
        float beta1 = (float) adam.beta1();
        float beta2 = (float) adam.beta2();
        float decay = (float) (lr * adam.weightDecay());
        float correction1 = (float) (1 / (1 - StrictMath.pow(adam.beta1(), updates + 1.0)));
        float correction2 = (float) (1 / (1 - StrictMath.pow(adam.beta2(), updates + 1.0)));
        float epsilon = (float) adam.epsilon();
        float[] first = slots[0];
        float[] second = slots[1];
        for (int i = from; i < to; i++) {
            float g = gradient[i];
            float m = beta1 * first[i] + (1 - beta1) * g;
            float v = beta2 * second[i] + (1 - beta2) * g * g;
            first[i] = m;
            second[i] = v;
            float p = parameters[i] - decay * decays[i] * parameters[i];
            parameters[i] = p - lr * (m * correction1) / ((float) Math.sqrt(v * correction2) + epsilon);
        }
    }

    private void average(float[] averages, float[] values, int from, int to) {
        double t = updates + 1.0;
        float decay = (float) Math.min(training.averagingDecay(), (1 + t) / (10 + t));
        for (int i = from; i < to; i++) {
            averages[i] = decay * averages[i] + (1 - decay) * values[i];
        }
    }

    void finish() {
        if (training.averages()) {
            average(averagedStatistics, statistics, 0, statistics.length);
        }
        updates++;
    }

    float[] modelParameters() {
        return training.averages() ? averagedParameters : parameters;
    }

    float[] modelStatistics() {
        return training.averages() ? averagedStatistics : statistics;
    }

    SessionState state() {
        return new SessionState(
                updates,
                parameters.clone(),
                statistics.clone(),
                Arrays.stream(slots).map(float[]::clone).toList(),
                averagedParameters.clone(),
                averagedStatistics.clone());
    }

    /// Nothing changes where a length is wrong.
    void restore(SessionState state) {
        check("parameters", state.parameters(), parameters);
        check("statistics", state.statistics(), statistics);
        check("averaged parameters", state.averagedParameters(), averagedParameters);
        check("averaged statistics", state.averagedStatistics(), averagedStatistics);
        List<float[]> given = state.slots();
        if (!given.isEmpty() && given.size() != slots.length) {
            throw new IllegalArgumentException(
                    "the state has " + given.size() + " optimiser slots, the session " + slots.length);
        }
        given.forEach(slot -> check("numbers in an optimiser slot", slot, parameters));
        copy(state.parameters(), parameters);
        copy(state.statistics(), statistics);
        copy(state.averagedParameters(), averagedParameters);
        copy(state.averagedStatistics(), averagedStatistics);
        for (int i = 0; i < slots.length; i++) {
            copy(given.isEmpty() ? new float[parameters.length] : given.get(i), slots[i]);
        }
        updates = state.updates();
    }

    private static void check(String what, float[] given, float[] own) {
        if (given.length != own.length) {
            throw new IllegalArgumentException(
                    "the state has " + given.length + " " + what + ", the session " + own.length);
        }
    }

    private static void copy(float[] from, float[] to) {
        System.arraycopy(from, 0, to, 0, to.length);
    }
}
