package io.mnist20k.data;

/// What turns a pixel into the number a network sees: `(pixel / 255 - mean) / deviation`.
///
/// @param mean      of pixel / 255, in [0, 1] for a dataset
/// @param deviation of pixel / 255 (the population's, not a sample's), greater than 0
public record Normalization(float mean, float deviation) {
    /// @throws IllegalArgumentException where normalised pixels would not be numbers
    public Normalization {
        if (!Float.isFinite(mean) || !Float.isFinite(deviation) || deviation <= 0) {
            throw new IllegalArgumentException("normalisation has mean " + mean + " and deviation " + deviation
                    + ", expected finite numbers and a deviation above 0");
        }
    }

    /// Mean and deviation over all pixels. The sums are integers and therefore exact; only the last divisions
    /// round.
    ///
    /// Where all pixels are equal the deviation is 1, so that the division stays defined.
    static Normalization of(byte[] pixels) {
        long sum = 0;
        long sumOfSquares = 0;
        for (byte pixel : pixels) {
            long value = pixel & 0xFF;
            sum += value;
            sumOfSquares += value * value;
        }
        double mean = (double) sum / pixels.length;
        double variance = (sumOfSquares - mean * sum) / pixels.length;
        return new Normalization((float) (mean / 255), variance > 0 ? (float) (Math.sqrt(variance) / 255) : 1);
    }
}
