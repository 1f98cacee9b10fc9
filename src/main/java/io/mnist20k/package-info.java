/// What every room may use to speak to people: the failure that a person reads, quantities in words, the program's
/// version and what else is packed with it, and how to give Java more memory. Nothing else belongs here; a thing that
/// two rooms share lives in the lower of the two.
@NullMarked
package io.mnist20k;

import org.jspecify.annotations.NullMarked;
