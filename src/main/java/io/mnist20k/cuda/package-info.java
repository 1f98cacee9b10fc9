/// NVIDIA's driver, cuDNN, cuBLAS and NVRTC through the Foreign Function & Memory API: the calls the CUDA engine makes,
/// each checked, and an owner for every native object. Knows nothing of neural networks, loads nothing before it is
/// asked to, and is the only room that binds native functions.
@NullMarked
package io.mnist20k.cuda;

import org.jspecify.annotations.NullMarked;
