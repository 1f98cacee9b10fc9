/// The engine contract kept with plain loops and double accumulators: `docs/OPERATIONS.md` as code. It is the
/// arbiter of every other engine's tests and the fallback that runs anywhere. It is never made faster at the price of a
/// line that has to be explained.
@NullMarked
package io.mnist20k.engine.reference;

import org.jspecify.annotations.NullMarked;
