/// A GPU put through its paces: the program's own commands, its tests and its peers run one after the other as
/// processes, and what they answered kept in one document after each. Measures what the engine alone cannot tell:
/// ceilings of the card, the pieces of a step, the cost of a launch. Judges nothing but what was asserted, and never
/// makes up a number.
@NullMarked
package io.mnist20k.check;

import org.jspecify.annotations.NullMarked;
