package io.mnist20k.web;

import io.mnist20k.UserError;
import io.mnist20k.engine.Engine;
import io.mnist20k.files.Reason;
import io.mnist20k.files.ShellWord;
import io.mnist20k.model.Model;
import io.mnist20k.predict.Prediction;
import io.mnist20k.predict.Predictor;
import io.mnist20k.train.RunDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A model, read when it is first needed, and the metrics of the run that writes it. It answers one at a time.
final class ServedModel implements AutoCloseable {
    private final Path path;
    private final Path metrics;
    private final Engine engine;

    /// Read once.
    private @Nullable Model model;

    /// Opened anew after a failure of its device.
    private @Nullable Predictor predictor;

    /// Nothing is opened again after it.
    private boolean closed;

    /// @throws UserError where there is neither a model nor a run that may write it, or the model cannot be read
    ServedModel(Path path, Engine engine) {
        this.path = path;
        this.engine = engine;
        metrics = path.toAbsolutePath().resolveSibling(RunDirectory.METRICS);
        if (Files.exists(path) || !Files.exists(metrics)) {
            predictor();
        }
    }

    /// @throws UserError where its run has not written it, or it cannot be read
    synchronized Model model() {
        if (closed) {
            throw new UserError("answering: the server is being closed; start it again");
        }
        if (model == null) {
            Path folder = metrics.resolveSibling("");
            boolean goesOn = RunDirectory.isInUse(folder); // asked first: a run that ends now has written its model
            if (!Files.exists(path) && Files.exists(metrics)) {
                throw new UserError("looking for " + path
                        + (goesOn
                                ? ": its run has not written it yet; wait until the run is over"
                                : ": its run ended without writing it; read why in "
                                        + folder.resolve(RunDirectory.LOG)
                                        + ", or resume the run with train --resume "
                                        + ShellWord.of(folder.toString())));
            }
            model = Model.read(path);
        }
        return model;
    }

    private Predictor predictor() {
        Model model = model();
        if (predictor == null) {
            predictor = new Predictor(model, engine);
        }
        return predictor;
    }

    /// @param seen the digit as the network saw it
    record Recognised(Prediction prediction, byte[] seen) {}

    /// @param digit as for [Predictor#predict]
    /// @throws UserError as of [#model], and where the device fails
    synchronized Recognised answer(byte[] digit) {
        Predictor predictor = predictor();
        try {
            return new Recognised(predictor.predict(List.of(digit)).getFirst(), predictor.seen(digit));
        } catch (RuntimeException | Error failure) {
            forget();
            throw failure;
        }
    }

    private void forget() {
        Predictor open = predictor;
        predictor = null; // whatever comes of closing it
        if (open != null) {
            open.close();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        forget();
    }

    /// Of a run that may be going on: its last line may be half written, within a character too.
    ///
    /// @throws UserError where they cannot be read
    List<JsonNode> epochs() {
        if (!Files.isRegularFile(metrics)) {
            return List.of();
        }
        String text;
        try {
            text = new String(Files.readAllBytes(metrics), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UserError("reading " + metrics + ": " + Reason.of(e) + "; make it readable", e);
        }
        var epochs = new ArrayList<JsonNode>();
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            try {
                epochs.add(JsonMapper.shared().readTree(line));
            } catch (JacksonException e) {
                break;
            }
        }
        epochs.removeIf(epoch -> !epoch.isObject());
        return epochs;
    }
}
