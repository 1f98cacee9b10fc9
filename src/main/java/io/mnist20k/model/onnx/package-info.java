/// A model as an ONNX file, for other programs: what its format is made of, and the graph of a network in it. Only
/// writes.
@NullMarked
package io.mnist20k.model.onnx;

import org.jspecify.annotations.NullMarked;
