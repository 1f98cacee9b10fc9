package io.mnist20k;

/// What one thread threw and another throws again.
public final class Thrown {
    private Thrown() {}

    /// Throws it as it is, checked or not: what calls back from another language need not declare what it throws.
    ///
    /// @return never; for `throw Thrown.again(failure)`
    @SuppressWarnings("unchecked")
    public static <X extends Throwable> RuntimeException again(Throwable thrown) throws X {
        throw (X) thrown;
    }
}
