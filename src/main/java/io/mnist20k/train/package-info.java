/// The training loop: epochs, learning rates, the budget, metrics, checkpoints, stopping and going on. What a run
/// produces stands in its [run directory][io.mnist20k.train.RunDirectory]. It knows no device, only the engine's
/// contract, and prints nothing.
@NullMarked
package io.mnist20k.train;

import org.jspecify.annotations.NullMarked;
