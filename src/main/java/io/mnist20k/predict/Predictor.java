package io.mnist20k.predict;

import io.mnist20k.data.Dataset;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.model.Model;
import java.util.ArrayList;
import java.util.List;

/// A trained model on a device. Threads may share one: they take turns, each call with all threads of the engine.
/// Many digits in one call are answered faster than in many calls. What is asked after the end is an
/// [IllegalStateException].
public final class Predictor implements AutoCloseable {
    private final int pixels;
    private final boolean deskews;
    private final Session session;
    private final Object turn = new Object();

    /// Opens a session of the engine, whose memory it takes until it is closed.
    ///
    /// @throws io.mnist20k.UserError as of [Engine#open]
    public Predictor(Model model, Engine engine) {
        pixels = model.network().input().elements();
        deskews = model.recipe().deskew();
        session = engine.open(model.network(), Training.evaluationOnly(model.normalization()));
        try {
            session.restore(SessionState.ofModel(model.parameters(), model.statistics()));
        } catch (RuntimeException | Error failure) {
            session.close();
            throw failure;
        }
    }

    /// Unnormalised class scores.
    ///
    /// @return `[images.count(), classes]`, row-major
    public float[] logits(Dataset images) {
        Dataset seen = seen(images);
        synchronized (turn) {
            return session.logits(seen);
        }
    }

    /// What the network sees of a digit: itself, or upright where the model's recipe deskews.
    ///
    /// @param digit as for [#predict]
    /// @return the array given, or a new one
    public byte[] seen(byte[] digit) {
        return seen(unlabelled(digit, 1)).pixels();
    }

    private Dataset seen(Dataset images) {
        return deskews ? images.deskewed() : images;
    }

    /// Nobody knows the labels, and nobody asks for them.
    private static Dataset unlabelled(byte[] pixels, int count) {
        return new Dataset(pixels, new byte[count]);
    }

    /// Which digits these are.
    ///
    /// @param digits at least one, each `[height * width]` as [Picture#digit] makes them
    /// @return in the same order
    /// @throws IllegalArgumentException where there is none, one is of another length, or no array holds them all
    /// @throws io.mnist20k.UserError where the model's scores are no numbers
    public List<Prediction> predict(List<byte[]> digits) {
        int most = Integer.MAX_VALUE / pixels;
        if (digits.isEmpty() || digits.size() > most) {
            throw new IllegalArgumentException(digits.size() + " digits; expected 1 to " + most);
        }
        byte[] together = new byte[digits.size() * pixels];
        for (int i = 0; i < digits.size(); i++) {
            byte[] digit = digits.get(i);
            if (digit.length != pixels) {
                throw new IllegalArgumentException("a digit of " + digit.length + " pixels; expected " + pixels);
            }
            System.arraycopy(digit, 0, together, i * pixels, pixels);
        }
        Dataset images = unlabelled(together, digits.size());
        float[] logits = logits(images);
        var predictions = new ArrayList<Prediction>();
        for (int i = 0; i < digits.size(); i++) {
            predictions.add(Prediction.of(logits, i, images.classes()));
        }
        return predictions;
    }

    /// Waits for whoever is being answered.
    @Override
    public void close() {
        synchronized (turn) {
            session.close();
        }
    }
}
