package io.mnist20k.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.mnist20k.Sentence;
import io.mnist20k.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PredictionTest {
    private static final int CLASSES = 3;

    private static final float[] LOGITS = {
        0, (float) Math.log(2), (float) Math.log(5),
        1, 1, -1000,
        -3, 1000, 1000
    };

    @Test
    void probabilitiesAreTheSoftmaxOfTheScores() {
        Prediction prediction = Prediction.of(LOGITS, 0, CLASSES);
        assertArrayEquals(new double[] {1 / 8.0, 2 / 8.0, 5 / 8.0}, prediction.probabilities(), 1e-7);
        assertEquals(2, prediction.digit());
        assertEquals(5 / 8.0, prediction.probability(), 1e-7);
        assertEquals(1, prediction.next());
    }

    @Test
    void ofEqualScoresTheFirstIsTheDigitAndTheOtherTheNext() {
        Prediction first = Prediction.of(LOGITS, 1, CLASSES);
        assertArrayEquals(new double[] {0.5, 0.5, 0}, first.probabilities());
        assertEquals(0, first.digit());
        assertEquals(1, first.next());
        Prediction last = Prediction.of(LOGITS, 2, CLASSES);
        assertArrayEquals(new double[] {0, 0.5, 0.5}, last.probabilities());
        assertEquals(1, last.digit());
        assertEquals(2, last.next());
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void aScoreThatIsNoNumberIsNoAnswer(float score) {
        float[] logits = {0, 0, 0, 1, score, 2};
        assertEquals(0, Prediction.of(logits, 0, CLASSES).digit());
        Sentence.assertSays(
                assertThrows(UserError.class, () -> Prediction.of(logits, 1, CLASSES)), String.valueOf(score), "train");
    }

    @Test
    void theNextIsTheFirstOfEqualOnes() {
        var prediction = new Prediction(1, new double[] {0.2, 0.4, 0.2, 0.2});
        assertEquals(0, prediction.next());
    }
}
