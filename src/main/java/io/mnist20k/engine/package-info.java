/// The contract between the training loop and a device, and the choice of device. An [Engine] opens a [Session]:
/// one network living on one device. The rooms below keep the contract; this one computes nothing but what all of
/// them share.
@NullMarked
package io.mnist20k.engine;

import org.jspecify.annotations.NullMarked;
