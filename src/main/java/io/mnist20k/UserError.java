package io.mnist20k;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A failure that a person reads: what was attempted, what was found, what to do next, in one sentence.
///
/// Every room may throw it; only `cli` catches it, prints the message alone and turns it into an exit code.
/// The cause is for `--verbose`, never for the sentence.
public class UserError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param sentence the whole message, ready to print
    public UserError(String sentence) {
        super(sentence);
    }

    /// @param sentence the whole message, ready to print
    /// @param cause    what went wrong underneath, shown with `--verbose` only
    public UserError(String sentence, @Nullable Throwable cause) {
        super(sentence, cause);
    }

    /// The whole sentence; an error without one cannot be made.
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
