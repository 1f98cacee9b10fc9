// The device code of mnist20k: one translation unit, so that it is one fatbin for nvcc and one program for NVRTC.
//
// Every kernel is extern "C" and takes pointers and scalars only. Whatever changes from step to step is read from a
// Step in device memory, so that a captured step can be replayed as it is. Nothing is summed by atomics: the same
// input gives the same bits. What each operation means stands in docs/OPERATIONS.md; grid and block, where a kernel
// does not say otherwise:
//
//   grid-stride   one dimension, any number of blocks of any size, fewer than 2^31 threads; blocks of 256, as many as
//                 give each thread one piece of work, are a good choice
//
// Plain C++17 without headers of any system, for nvcc, NVRTC and host compilers. What it expects of its surroundings
// is listed in docs/KERNELS.md.

#include "numbers.cuh"
#include "philox.cuh"
#include "reduce.cuh"
#include "walk.cuh"
#include "shared.cuh"
#include "step.cuh"
#include "dropout.cuh"
#include "distortion.cuh"
#include "normal.cuh"
#include "convert.cuh"
#include "optimizer.cuh"
#include "muon.cuh"

// The files that touch activations are read twice, once for each type that activations may have: T inside, and a
// suffix of the kernels' names outside.

namespace f32 {
using T = float;
#define KERNEL(name) name##_f32
#include "loader.cuh"
#include "activation.cuh"
#include "bias.cuh"
#include "pooling.cuh"
#include "batch_norm.cuh"
#include "batch_norm_backward.cuh"
#include "softmax_loss.cuh"
#undef KERNEL

// In single precision alone.
#include "unit.cuh"
#include "unit_forward.cuh"
#include "unit_backward.cuh"
#include "unit_head.cuh"
#include "unit_merge.cuh"
}  // namespace f32

namespace b16 {
using T = bf16;
#define KERNEL(name) name##_bf16
#include "loader.cuh"
#include "activation.cuh"
#include "bias.cuh"
#include "pooling.cuh"
#include "batch_norm.cuh"
#include "batch_norm_backward.cuh"
#include "softmax_loss.cuh"
#undef KERNEL
}  // namespace b16
