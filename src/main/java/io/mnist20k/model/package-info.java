/// A trained network on disk: the safetensors container and the model in it, with its recipe and normalisation.
/// Reading believes nothing that it has not checked; writing leaves a whole file or none. Never computes with a
/// network.
@NullMarked
package io.mnist20k.model;

import org.jspecify.annotations.NullMarked;
