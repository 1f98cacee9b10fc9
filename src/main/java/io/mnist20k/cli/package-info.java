/// What a person types: one class per command, no logic of its own.
/// Turns each failure into one sentence and an exit code; no other room exits, and none prints but `check`.
@NullMarked
package io.mnist20k.cli;

import org.jspecify.annotations.NullMarked;
