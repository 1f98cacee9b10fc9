package io.mnist20k.engine.reference;

import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.network.Network;
import java.util.List;

/// The reference's optimiser by itself.
public final class ReferenceUpdate {
    private ReferenceUpdate() {}

    /// What a state becomes by a gradient that somebody else computed; its statistics stay.
    public static SessionState of(
            Network network, Training training, SessionState before, float[] gradient, double rate) {
        float[] parameters = before.parameters().clone();
        float[] averages = before.averagedParameters().clone();
        List<float[]> slots = before.slots().stream().map(float[]::clone).toList();
        var update = new Update(training.optimizer(), before.updates() + 1, rate);
        update.apply(network.parameters(), parameters, ReferenceSession.widened(gradient), slots);
        if (training.averages()) {
            update.average(averages, parameters, training.averagingDecay());
        }
        return new SessionState(
                update.number(), parameters, before.statistics(), slots, averages, before.averagedStatistics());
    }
}
