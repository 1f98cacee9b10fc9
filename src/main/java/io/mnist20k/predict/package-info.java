/// A trained model at work: pictures of any size made into the images that a network was trained on, and the answers
/// to them. Never trains, never prints.
@NullMarked
package io.mnist20k.predict;

import org.jspecify.annotations.NullMarked;
