/// A network as a plan: layers, shapes, parameters, multiply-adds, receptive field. It knows what a layer is and
/// what it costs, and never touches data: the arithmetic is the engines'.
@NullMarked
package io.mnist20k.network;

import org.jspecify.annotations.NullMarked;
