package io.mnist20k.engine.cpu;

import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import io.mnist20k.network.Tensor;
import io.mnist20k.recipe.Optimizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

    /// What each worker changes.
    private final List<List<Piece>> shares;

    private final Network network;
    private final Training training;
    private long updates;

    /// Parameters that nothing but their own gradient changes, in a tensor.
    ///
    /// @param matrix of what is a matrix to Muon
    private record Piece(int from, int to, @Nullable NewtonSchulz matrix) {}

    Update(Network network, Training training, int workers) {
        this.network = network;
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
        slots = new float[training.optimizer().slots()][count];
        shares = shares(network.parameters(), training.optimizer(), workers);
        averagedParameters = new float[training.averages() ? count : 0];
        averagedStatistics = new float[training.averages() ? statistics.length : 0];
    }

    /// Numbers that an update reads and writes, the gradients of so many blocks among them.
    long floats(int blocks) {
        int changed = 1 + slots.length + (training.averages() ? 1 : 0);
        return (long) parameters.length * (blocks + 2L * changed);
    }

    /// Tensors are cut, but for matrices, of which each goes to the worker that has least to do.
    private static List<List<Piece>> shares(List<Tensor> tensors, Optimizer optimizer, int workers) {
        List<List<Piece>> shares = Stream.generate(() -> (List<Piece>) new ArrayList<Piece>())
                .limit(workers)
                .toList();
        long[] costs = new long[workers];
        for (Tensor tensor : tensors) {
            int from = tensor.offset();
            int elements = tensor.elements();
            if (optimizer instanceof Optimizer.Muon && Optimizer.Muon.isMatrix(tensor)) {
                int rows = tensor.shape().getFirst();
                var matrix = new NewtonSchulz(rows, elements / rows);
                int least = IntStream.range(0, workers)
                        .boxed()
                        .min(Comparator.comparingLong(worker -> costs[worker]))
                        .orElseThrow();
                shares.get(least).add(new Piece(from, from + elements, matrix));
                costs[least] += matrix.cost();
            } else {
                for (int worker = 0; worker < workers; worker++) {
                    int begin = from + Team.share(elements, worker, workers);
                    int end = from + Team.share(elements, worker + 1, workers);
                    shares.get(worker).add(new Piece(begin, end, null));
                }
            }
        }
        return shares;
    }

    /// A worker's share of the update; all may be at work at once. [#finish] follows when all are done.
    void step(Gradients gradients, int blocks, float learningRate, int worker) {
        for (Piece piece : shares.get(worker)) {
            gradients.sum(blocks, piece.from, piece.to, gradient);
            change(piece, learningRate);
            if (training.averages()) {
                average(averagedParameters, parameters, piece.from, piece.to);
            }
        }
    }

    private void change(Piece piece, float learningRate) {
        switch (training.optimizer()) {
            case Optimizer.Sgd sgd -> sgd(sgd, learningRate, piece.from, piece.to);
            case Optimizer.AdamW adam -> adamW(adam, learningRate, piece.from, piece.to);
            case Optimizer.Muon muon -> {
                if (piece.matrix != null) {
                    muon(muon, learningRate, piece.from, piece.to, piece.matrix);
                } else {
                    adamW(muon.rest(), learningRate, piece.from, piece.to);
                }
            }
        }
    }

    private void sgd(Optimizer.Sgd sgd, float lr, int from, int to) {
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

    private void adamW(Optimizer.AdamW adam, float lr, int from, int to) {
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

    private void muon(Optimizer.Muon muon, float lr, int from, int to, NewtonSchulz matrix) {
        float momentum = (float) muon.momentum();
        float share = (float) (1 - muon.momentum());
        float decay = (float) (lr * muon.weightDecay());
        float[] velocity = slots[0];
        for (int i = from; i < to; i++) {
            float g = share * gradient[i];
            float v = momentum * velocity[i] + g;
            velocity[i] = v;
            gradient[i] = momentum * v + g;
        }
        matrix.run(gradient, from);
        float rate = (float) (lr * Optimizer.Muon.SIZE * Math.sqrt(matrix.longerSide()));
        for (int i = from; i < to; i++) {
            parameters[i] -= decay * parameters[i] + rate * gradient[i];
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
        state.requireFits(network, training);
        List<float[]> given = state.slots();
        copy(state.parameters(), parameters);
        copy(state.statistics(), statistics);
        copy(state.averagedParameters(), averagedParameters);
        copy(state.averagedStatistics(), averagedStatistics);
        for (int i = 0; i < slots.length; i++) {
            copy(given.isEmpty() ? new float[parameters.length] : given.get(i), slots[i]);
        }
        updates = state.updates();
    }

    private static void copy(float[] from, float[] to) {
        System.arraycopy(from, 0, to, 0, to.length);
    }
}
