/// Many runs and what they come to together: seeds × recipes, shared among processors and machines, each run in a
/// folder of its own; the mean, spread and interval of those that are done; and the search that decides by them which
/// to do next. Trains nothing itself and prints nothing.
@NullMarked
package io.mnist20k.sweep;

import org.jspecify.annotations.NullMarked;
