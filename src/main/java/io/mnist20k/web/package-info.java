/// The local page of a model: draw a digit and see the answer, watch the curves of its run. Listens on this
/// machine alone. Never computes with a network itself.
@NullMarked
package io.mnist20k.web;

import org.jspecify.annotations.NullMarked;
