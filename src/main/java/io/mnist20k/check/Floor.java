package io.mnist20k.check;

import io.mnist20k.network.Network;

/// The least that training costs on any card: its arithmetic at the card's best rate, or the bytes that have to move at
/// its best bandwidth, whichever takes longer. No program reaches it; how many times the floor one takes can be
/// compared between networks and cards.
///
/// @param multiplyAdds of one image's training
/// @param imageBytes   of one image and its label, read once
/// @param stateBytes   of one step: weights, two moments and their average, each read and written once
record Floor(long multiplyAdds, long imageBytes, long stateBytes) {
    private static final int NUMBERS_PER_PARAMETER = 4;

    static Floor of(Network network) {
        return new Floor(
                network.trainingMultiplyAdds(),
                (long) network.input().height() * network.input().width() + 1,
                2L * NUMBERS_PER_PARAMETER * Float.BYTES * network.parameterCount());
    }

    /// @param images of one step
    /// @param flops  floating-point operations a second, two for a multiply-add
    /// @param bytes  a second
    /// @return seconds
    double stepSeconds(int images, double flops, double bytes) {
        double arithmetic = 2.0 * multiplyAdds * images / flops;
        double movement = (images * (double) imageBytes + stateBytes) / bytes;
        return Math.max(arithmetic, movement);
    }
}
