/// MNIST, from four files on disk or from a download, as images in memory; its splits and the order of its
/// samples.
///
/// Everything read is checked before it is believed: magic, dimensions, lengths, labels, counts, checksums. This
/// package never writes outside the dataset folder, never leaves a half-written file under its final name, and
/// knows nothing of networks or devices.
@NullMarked
package io.mnist20k.data;

import org.jspecify.annotations.NullMarked;
