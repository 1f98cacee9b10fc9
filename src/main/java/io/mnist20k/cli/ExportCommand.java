package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.UserError;
import io.mnist20k.files.Reason;
import io.mnist20k.model.Model;
import io.mnist20k.model.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "export",
        description =
                "Writes a saved model for other programs: onnx, a graph that takes pixels from 0 to 1, or safetensors,"
                        + " the tensors of a PyTorch state_dict.")
final class ExportCommand implements Runnable {
    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = OptionValues.ModelFormat.class,
            description = "onnx or safetensors.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private OptionValues.ModelFormat.Choice format;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            converter = OptionValues.FilePath.class,
            description = "The file to write; an existing one is replaced.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        Model trained = model.read();
        requireOtherFile();
        switch (format) {
            case ONNX -> OnnxModel.write(trained, out);
            case SAFETENSORS -> trained.write(out);
        }
        spec.commandLine()
                .getOut()
                .println("%s: %s, %s parameters, %s"
                        .formatted(
                                out,
                                format.title(),
                                Units.count(trained.network().parameterCount()),
                                Units.bytes(size())));
    }

    private void requireOtherFile() {
        try {
            if (Files.exists(out) && Files.isSameFile(model.path(), out)) {
                throw new UserError(
                        "exporting " + model.path() + ": --out is the model itself; give the name of another file");
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private long size() {
        try {
            return Files.size(out);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private UserError unreadable(IOException failure) {
        return new UserError(
                "exporting to " + out + ": " + Reason.of(failure) + "; give the name of another file", failure);
    }
}
