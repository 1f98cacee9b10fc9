/// The engine contract kept on NVIDIA GPUs: cuDNN convolves, normalises and pools, cuBLAS multiplies matrices, this
/// program's own kernels do the rest.
///
/// A network is compiled when a session opens: its operations, the memory of every tensor, and, for each batch size
/// that comes up, everything that is launched in a step. Steps are captured, several together, and replayed as a whole.
/// Nothing here calls native code but through `io.mnist20k.cuda`, the only room with which this one shares a
/// vocabulary.
@NullMarked
package io.mnist20k.engine.cuda;

import org.jspecify.annotations.NullMarked;
