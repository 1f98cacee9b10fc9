import io.mnist20k.UserError;
import io.mnist20k.engine.Devices;
import io.mnist20k.model.Model;
import io.mnist20k.predict.Picture;
import io.mnist20k.predict.Prediction;
import io.mnist20k.predict.Predictor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Which digits pictures show: `Recognize MODEL IMAGE...`
final class Recognize {
    static void main(String[] args) {
        Model model = Model.read(Path.of(args[0]));
        var digits = new ArrayList<byte[]>();
        for (String image : List.of(args).subList(1, args.length)) {
            digits.add(read(Path.of(image)));
        }
        Devices.Choice device = Devices.choose("auto", Runtime.getRuntime().availableProcessors());
        try (var predictor = new Predictor(model, device.engine())) {
            for (Prediction prediction : predictor.predict(digits)) {
                IO.println(prediction.digit() + ", sure to " + prediction.probability());
            }
        }
    }

    /// `[28 * 28]`: a program that has its digits as pixels needs no picture.
    private static byte[] read(Path image) {
        try {
            return Picture.read(image).digit();
        } catch (UserError e) { // its message is a sentence for the person who chose the picture
            IO.println(e.getMessage());
            throw e;
        }
    }
}
