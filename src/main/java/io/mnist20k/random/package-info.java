/// Counter-based random numbers. Every random choice of the program is a pure function of (seed, purpose, epoch,
/// step, sample, element), so any device, any number of threads and any resumed run draws the same numbers. Never
/// holds generator state.
@NullMarked
package io.mnist20k.random;

import org.jspecify.annotations.NullMarked;
