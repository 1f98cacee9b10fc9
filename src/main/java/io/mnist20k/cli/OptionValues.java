package io.mnist20k.cli;

import io.mnist20k.engine.Devices;
import io.mnist20k.model.onnx.OnnxModel;
import io.mnist20k.recipe.Recipe;
import io.mnist20k.recipe.RecipeReader;
import io.mnist20k.sweep.Rungs;
import io.mnist20k.sweep.SearchSpace;
import io.mnist20k.sweep.Seeds;
import io.mnist20k.sweep.Shard;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// What the options take, and what each says of a value that it does not take.
final class OptionValues {
    /// Java takes the digits of other scripts, too.
    private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");

    /// Not 1d or 0x1p-1, which are Java's.
    private static final Pattern DECIMAL = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");

    private OptionValues() {}

    private static int whole(String value, int least, int most, String expectation) {
        if (WHOLE.matcher(value).matches()) {
            try {
                int number = Integer.parseInt(value);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // refused below, as any other
            }
        }
        throw new TypeConversionException(expectation);
    }

    private static double fraction(String value, DoublePredicate accepts, String expectation) {
        if (DECIMAL.matcher(value).matches()) {
            double number = Double.parseDouble(value);
            if (accepts.test(number)) {
                return number;
            }
        }
        throw new TypeConversionException(expectation);
    }

    private static <T> T numbers(String value, Function<String, T> parse, String expectation) {
        if (value.chars().allMatch(c -> c < 128)) { // as in WHOLE
            try {
                return parse.apply(value);
            } catch (IllegalArgumentException e) {
                // refused below, as any other
            }
        }
        throw new TypeConversionException(expectation);
    }

    /// A file or folder, there or to be made. The empty name, for Java the working folder, is most often a variable
    /// that a script did not set.
    static final class FilePath implements ITypeConverter<Path> {
        @Override
        public Path convert(String value) {
            if (value.isEmpty()) {
                throw new TypeConversionException("expected the name of a file or folder; the working folder is .");
            }
            try {
                return Path.of(value);
            } catch (InvalidPathException e) {
                throw new TypeConversionException(
                        FileNames.canSpell(value)
                                ? "this names no file or folder here: " + e.getReason()
                                : "this locale cannot encode it; " + FileNames.REMEDY);
            }
        }
    }

    /// From 1.
    static final class Count implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return whole(value, 1, Integer.MAX_VALUE, "expected a whole number from 1");
        }
    }

    static final class Epochs implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return whole(value, 1, Recipe.MAX_EPOCHS, "expected a whole number from 1 to " + Recipe.MAX_EPOCHS);
        }
    }

    static final class Batch implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            return whole(value, 1, Recipe.MAX_BATCH, "expected a whole number from 1 to " + Recipe.MAX_BATCH);
        }
    }

    /// The empty name is most often a variable that a script did not set.
    static final class RecipeName implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            if (value.isEmpty()) {
                throw new TypeConversionException(
                        "expected one of " + String.join(", ", RecipeReader.BUILT_IN) + ", or the name of a TOML file");
            }
            return value;
        }
    }

    /// More than none, up to an hour.
    static final class Seconds implements ITypeConverter<Double> {
        private static final double MOST = 3600;

        @Override
        public Double convert(String value) {
            return fraction(value, seconds -> seconds > 0 && seconds <= MOST, "expected a number above 0, up to 3600");
        }
    }

    /// Of TCP; 0 is any.
    static final class Port implements ITypeConverter<Integer> {
        private static final int MOST = 65_535;

        @Override
        public Integer convert(String value) {
            return whole(value, 0, MOST, "expected a whole number from 0 to " + MOST);
        }
    }

    /// What `export` writes.
    static final class ModelFormat implements ITypeConverter<ModelFormat.Choice> {
        enum Choice {
            ONNX("ONNX, opset " + OnnxModel.OPSET),
            SAFETENSORS("safetensors");

            private final String title;

            Choice(String title) {
                this.title = title;
            }

            String title() {
                return title;
            }
        }

        @Override
        public Choice convert(String value) {
            return switch (value) {
                case "onnx" -> Choice.ONNX;
                case "safetensors" -> Choice.SAFETENSORS;
                default -> throw new TypeConversionException("expected onnx or safetensors");
            };
        }
    }

    /// More than any machine has use for is taken for a slip of the hand.
    static final class Threads implements ITypeConverter<Integer> {
        private static final int MOST = 1024;

        @Override
        public Integer convert(String value) {
            return whole(value, 1, MOST, "expected a whole number from 1 to " + MOST);
        }
    }

    /// Any 64 bits.
    static final class Seed implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            if (WHOLE.matcher(value).matches()) {
                try {
                    return Long.parseLong(value);
                } catch (NumberFormatException e) {
                    // refused below, as any other
                }
            }
            throw new TypeConversionException("expected a whole number, such as 1");
        }
    }

    static final class SeedRange implements ITypeConverter<Seeds> {
        @Override
        public Seeds convert(String value) {
            return numbers(
                    value, Seeds::parse, "expected the first and the last of at most a million seeds, such as 1..20");
        }
    }

    static final class ShardNumber implements ITypeConverter<Shard> {
        @Override
        public Shard convert(String value) {
            return numbers(value, Shard::parse, "expected one of several shares, such as 1/4");
        }
    }

    static final class RungList implements ITypeConverter<Rungs> {
        @Override
        public Rungs convert(String value) {
            return numbers(value, Rungs::parse, "expected rising numbers of seeds, such as 1,2,4");
        }
    }

    /// A key and what it may be; the recipe knows which keys there are.
    static final class VariedKey implements ITypeConverter<SearchSpace.Varied> {
        @Override
        public SearchSpace.Varied convert(String value) {
            try {
                return SearchSpace.Varied.parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "expected key=value,value with no value twice, such as optimizer.lr=0.005,0.01");
            }
        }
    }

    /// A fraction.
    static final class Accuracy implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            return fraction(
                    value,
                    accuracy -> accuracy >= 0 && accuracy <= 1,
                    "expected a fraction from 0 to 1, such as 0.994");
        }
    }

    static final class Device implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            if (Devices.NAMES.contains(value)) {
                return value;
            }
            throw new TypeConversionException("expected one of " + String.join(", ", Devices.NAMES));
        }
    }

    /// A setting of a recipe; the recipe knows which keys there are.
    static final class Setting implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            if (value.indexOf('=') > 0) {
                return value;
            }
            throw new TypeConversionException("expected key=value, such as optimizer.lr=0.02");
        }
    }
}
