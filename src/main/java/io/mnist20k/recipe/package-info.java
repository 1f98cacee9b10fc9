/// An experiment as a document: network, optimiser, schedule, augmentation, epochs, batch. A recipe says what to do
/// and is checked as a whole when it is read; it never trains anything and knows no device.
@NullMarked
package io.mnist20k.recipe;

import org.jspecify.annotations.NullMarked;
