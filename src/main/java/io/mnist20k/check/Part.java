package io.mnist20k.check;

import java.util.Objects;
import java.util.concurrent.Callable;

/// One part of the check, which stands by itself: what goes wrong in it stops none of the others.
///
/// @param name in the documents
/// @param work gives what was measured, of records, maps, lists, numbers and texts; throws [Skipped] where this machine
///             lacks what the part needs, and [Failed] where an assertion did not hold or a process failed
record Part(String name, Callable<Object> work) {
    /// The part does not apply here.
    static final class Skipped extends RuntimeException {
        private static final long serialVersionUID = 1;

        /// @param reason a phrase that ends in what to do about it
        Skipped(String reason) {
            super(reason);
        }
    }

    /// The part did not come to its end, or to the end that it has to.
    static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient Object measured;

        /// @param measured what there is to keep all the same
        Failed(String reason, Object measured) {
            super(reason);
            this.measured = measured;
        }

        /// The reason; a failure without one cannot be made.
        @Override
        public String getMessage() {
            return Objects.requireNonNull(super.getMessage());
        }

        Object measured() {
            return measured;
        }
    }
}
