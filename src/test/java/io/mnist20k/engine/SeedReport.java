package io.mnist20k.engine;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/// Gives the tests that draw their inputs a seed, and names it in every failure. `-Dtest.seed` gives one back.
public final class SeedReport implements TestExecutionExceptionHandler {
    public static final long SEED = Long.getLong("test.seed", System.nanoTime());

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) {
        throw new AssertionError(failure.getMessage() + " (repeat with -Dtest.seed=" + SEED + ")", failure);
    }
}
