package io.mnist20k.engine;

import java.util.List;

/// A [Session] that can say where its time goes.
public interface Profiled {
    /// @param nanos of all threads together
    record Time(Work work, long nanos) {}

    /// Runs something that trains with this session, and looks at the clock meanwhile. What is computed is the same.
    ///
    /// @return all the work of a step in the order in which it is done; from where the threads begin to where they
    ///         end, every moment is in one of them
    List<Time> profile(Runnable use);
}
