/// The engine contract kept with the Vector API, on any CPU.
///
/// Vector lanes are images: a *block* is as many images as a vector has lanes, and every array is laid out
/// `[block][channel][row][column][lane]`. So any channel count, kernel, stride and padding vectorises without
/// remainder, and lanes meet only where a batch does: in batch-norm statistics, weight gradients and the loss.
/// Threads take blocks; whatever crosses blocks is added in block order, so the bits do not depend on the number of
/// threads. Sums over lanes are added in an order of our own, since that of `reduceLanes` is unspecified.
///
/// The only room that names `jdk.incubator.vector`.
@NullMarked
package io.mnist20k.engine.cpu;

import org.jspecify.annotations.NullMarked;
