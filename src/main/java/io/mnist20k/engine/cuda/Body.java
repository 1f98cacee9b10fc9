package io.mnist20k.engine.cuda;

import java.util.Map;

/// What a step does between its begin and its update, for one number of samples, everything laid out.
interface Body {
    /// Where the training steps to come find images, and leave their results.
    void bind(Step.Addresses addresses);

    /// The pieces of a training step by name, in order; each queues what it says.
    Map<String, Runnable> pieces();

    /// Queues the evaluation of the images `from ..< from + count`, as one full batch whatever their count: an image's
    /// bits do not depend on how many others there are.
    void evaluate(DeviceImages images, int from, int count);
}
