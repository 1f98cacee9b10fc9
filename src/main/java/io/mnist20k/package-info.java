/// What every room may use, which is one class: the failure that a person reads.
/// Nothing else belongs here; a thing that two rooms share lives in the lower of the two.
@NullMarked
package io.mnist20k;

import org.jspecify.annotations.NullMarked;
