package io.mnist20k.predict;

import io.mnist20k.data.Dataset;
import io.mnist20k.data.Normalization;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.Session;
import io.mnist20k.engine.SessionState;
import io.mnist20k.engine.Training;
import io.mnist20k.model.Model;
import java.util.ArrayList;
import java.util.List;

/// A trained model on a device. Used by one thread at a time.
public final class Predictor implements AutoCloseable {
    private final boolean deskews;
    private final Session session;

    public Predictor(Model model, Engine engine) {
        deskews = model.recipe().deskew();
        var normalization = new Normalization(model.mean(), model.deviation());
        session = engine.open(model.network(), Training.evaluationOnly(normalization));
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
        return session.logits(deskews ? images.deskewed() : images);
    }

    /// @param digits at least one, each `[height * width]` as [Picture#digit] makes them
    /// @return in the same order
    public List<Prediction> predict(List<byte[]> digits) {
        int area = digits.getFirst().length;
        byte[] pixels = new byte[digits.size() * area];
        for (int i = 0; i < digits.size(); i++) {
            System.arraycopy(digits.get(i), 0, pixels, i * area, area);
        }
        var images = new Dataset(pixels, new byte[digits.size()]); // nobody knows the labels, and nobody asks for them
        float[] logits = logits(images);
        var predictions = new ArrayList<Prediction>();
        for (int i = 0; i < digits.size(); i++) {
            predictions.add(Prediction.of(logits, i, images.classes()));
        }
        return predictions;
    }

    @Override
    public void close() {
        session.close();
    }
}
