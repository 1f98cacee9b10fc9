package io.mnist20k.engine.reference;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Epoch;
import io.mnist20k.engine.Lifecycle;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.StepObserver;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A network in plain arrays. Every step rounds what it changed to float, so that [#state] loses nothing.
final class ReferenceSession implements Session {
    /// Images evaluated together; bounds the memory, changes no result.
    private static final int EVALUATION_BATCH = 64;

    private final Network network;
    private final Training training;
    private final Chain chain;
    private @Nullable SessionState state;
    private final Lifecycle lifecycle = new Lifecycle();

    ReferenceSession(Network network, Training training) {
        this.network = network;
        this.training = training;
        this.chain = new Chain(network);
    }

    @Override
    public String kernels() {
        return "plain loops";
    }

    @Override
    public int train(Dataset dataset, Epoch epoch, StepObserver observer) {
        return lifecycle.use("training", () -> {
            epoch.requireFits(dataset, training);
            for (int step = epoch.firstStep(); step < epoch.steps(); step++) {
                if (!trainStep(dataset, epoch, step, observer)) {
                    return step + 1;
                }
            }
            return epoch.steps();
        });
    }

    private boolean trainStep(Dataset dataset, Epoch epoch, int step, StepObserver observer) {
        SessionState current = Objects.requireNonNull(state);
        int[] order = epoch.order();
        int from = step * epoch.batch();
        int[] samples = Arrays.copyOfRange(order, from, Math.min(from + epoch.batch(), order.length));
        int[] labels = IntStream.of(samples).map(i -> dataset.labels()[i]).toArray();
        double[] statistics = widened(current.statistics());
        var pass = new Pass(
                true, samples.length, widened(current.parameters()), statistics, training.seed(), epoch.epoch(), step);

        List<double[]> activations =
                chain.forward(pass, images(dataset).distorted(samples, training, epoch.epoch(), step));
        double[] logits = activations.getLast();
        var loss = new SoftmaxLoss(network.classes(), training.labelSmoothing());
        double[] gradient = chain.backward(pass, activations, loss.gradient(logits, labels));

        long number = current.updates() + 1;
        var update = new Update(training.optimizer(), number, epoch.learningRates()[step]);
        update.apply(network.parameters(), current.parameters(), gradient, current.slots());
        round(statistics, current.statistics());
        if (training.averages()) {
            update.average(current.averagedParameters(), current.parameters(), training.averagingDecay());
            update.average(current.averagedStatistics(), current.statistics(), training.averagingDecay());
        }
        state = new SessionState(
                number,
                current.parameters(),
                current.statistics(),
                current.slots(),
                current.averagedParameters(),
                current.averagedStatistics());
        return observer.stepDone(step, loss.sum(logits, labels), loss.correct(logits, labels));
    }

    @Override
    public float[] logits(Dataset dataset) {
        return lifecycle.use("evaluating", () -> evaluate(dataset));
    }

    private float[] evaluate(Dataset dataset) {
        SessionState current = Objects.requireNonNull(state);
        double[] parameters = widened(current.modelParameters());
        double[] statistics = widened(current.modelStatistics());
        float[] logits = new float[dataset.count() * network.classes()];
        for (int from = 0; from < dataset.count(); from += EVALUATION_BATCH) {
            int samples = Math.min(EVALUATION_BATCH, dataset.count() - from);
            Pass pass = Pass.evaluating(samples, parameters, statistics);
            double[] scores =
                    chain.forward(pass, images(dataset).plain(from, samples)).getLast();
            for (int i = 0; i < scores.length; i++) {
                logits[from * network.classes() + i] = (float) scores[i];
            }
        }
        return logits;
    }

    @Override
    public SessionState state() {
        return lifecycle.use("giving its state", () -> copy(Objects.requireNonNull(state), state.slots()));
    }

    @Override
    public void restore(SessionState saved) {
        lifecycle.restore(() -> {
            saved.requireFits(network, training);
            int slots = training.optimizer().slots();
            List<float[]> optimizerState =
                    saved.slots().isEmpty() ? zeros(slots, network.parameterCount()) : saved.slots();
            state = copy(saved, optimizerState);
        });
    }

    @Override
    public void close() {
        lifecycle.close();
        state = null;
    }

    private Images images(Dataset dataset) {
        return new Images(dataset, training.normalization());
    }

    private static List<float[]> zeros(int vectors, int length) {
        return IntStream.range(0, vectors).mapToObj(_ -> new float[length]).toList();
    }

    private static SessionState copy(SessionState state, List<float[]> slots) {
        return new SessionState(
                state.updates(),
                state.parameters().clone(),
                state.statistics().clone(),
                slots.stream().map(float[]::clone).toList(),
                state.averagedParameters().clone(),
                state.averagedStatistics().clone());
    }

    static double[] widened(float[] values) {
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = values[i];
        }
        return result;
    }

    private static void round(double[] values, float[] result) {
        for (int i = 0; i < values.length; i++) {
            result[i] = (float) values[i];
        }
    }
}
