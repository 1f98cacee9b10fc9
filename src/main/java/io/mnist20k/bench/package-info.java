/// How fast an engine is: images a second in training and evaluation, and where a step's time goes. Measures on
/// made-up images, so it needs no dataset; what is computed is what a training of the same recipe computes. Never
/// trains to learn something.
@NullMarked
package io.mnist20k.bench;

import org.jspecify.annotations.NullMarked;
