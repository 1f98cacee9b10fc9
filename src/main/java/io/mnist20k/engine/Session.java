package io.mnist20k.engine;

import io.mnist20k.data.Dataset;

/// A network living on one device: parameters, optimiser state, buffers and the datasets it has seen. Everything is a
/// function of (state, plan, seed): two sessions of one device given the same produce the same bits, whatever their
/// threads.
///
/// A session does one thing at a time. One that is closed or at work, for another thread or for the observer that asks,
/// refuses to train, to evaluate, and to give or take a state, with an [IllegalStateException]; so does one that was
/// never restored, but for [#restore]. A device that fails meanwhile is a [io.mnist20k.UserError] and closes the
/// session.
public interface Session extends AutoCloseable {
    /// What the network is computed with, in words for a log: an engine may have a choice of kernels, and may learn
    /// from the device that it cannot do what was tried first.
    String kernels();

    /// Trains the steps `epoch.firstStep() ..< epoch.steps()`, or fewer if the observer asks to stop.
    ///
    /// @param dataset a device that keeps a copy of its own keeps the last one's
    /// @return the first step that was not done; `epoch.steps()` when the epoch is complete
    /// @throws IllegalArgumentException where the batch is another, or the dataset lacks an image of the order;
    ///                                  nothing has changed then
    int train(Dataset dataset, Epoch epoch, StepObserver observer);

    /// Unnormalised class scores of the averaged model where the session averages, else of the current one.
    ///
    /// @return `[dataset.count(), classes]`, row-major
    float[] logits(Dataset dataset);

    /// A copy of everything that training changes.
    SessionState state();

    /// Overwrites everything that training changes. A state without optimiser slots, such as a saved model's, starts
    /// the optimiser anew.
    ///
    /// @throws IllegalArgumentException where a length is not this session's; nothing has changed then
    void restore(SessionState state);

    /// @throws IllegalStateException while it is at work; closing twice is no failure
    @Override
    void close();
}
