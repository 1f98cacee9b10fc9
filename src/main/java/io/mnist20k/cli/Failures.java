package io.mnist20k.cli;

import io.mnist20k.JavaMemory;
import io.mnist20k.Units;
import io.mnist20k.UserError;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Turns whatever fails into one sentence on standard error and an exit code.
///
/// @param verbose whether stack traces are wanted
record Failures(BooleanSupplier verbose) implements IParameterExceptionHandler, IExecutionExceptionHandler {
    /// Beside picocli's own: 0 done, 1 failed, 2 wrong usage.
    static final int REQUIREMENT_MISSED = 3;

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        command.getErr().println(oneLine("mnist20k: " + wrongUsage(e, command)));
        return ExitCode.USAGE;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
        return report(e, command.getErr());
    }

    int report(Throwable failure, PrintWriter err) {
        err.println(oneLine("mnist20k: " + sentence(failure)));
        if (verbose.getAsBoolean()) {
            failure.printStackTrace(err);
        }
        err.flush();
        return ExitCode.SOFTWARE;
    }

    private String sentence(Throwable failure) {
        return switch (failure) {
            case UserError e -> String.valueOf(e.getMessage());
            case OutOfMemoryError _ ->
                "the %s of memory that Java may use are full; allow more with %s, or ask for less, such as a smaller --batch"
                        .formatted(Units.bytes(Runtime.getRuntime().maxMemory()), JavaMemory.more());
            case InvalidPathException e
            when !FileNames.canSpell(e.getInput()) ->
                "using the path %s: this locale cannot encode it; %s".formatted(e.getInput(), FileNames.REMEDY);
            default ->
                "unexpected %s%s; this is a fault in the program%s"
                        .formatted(
                                failure.getClass().getName(),
                                failure.getMessage() == null ? "" : ": " + failure.getMessage(),
                                verbose.getAsBoolean() ? "" : ", and --verbose shows the stack trace to report");
        };
    }

    private static String wrongUsage(ParameterException e, CommandLine command) {
        String name = command.getCommandSpec().qualifiedName();
        String help = "; " + name + " --help shows how to use it";
        return switch (e) {
            case UnmatchedArgumentException unmatched -> unmatched(unmatched, name, help);
            // What looks like an option and is none is not what is missing.
            case MissingParameterException _
            when !command.getUnmatchedArguments().isEmpty() ->
                unmatched(new UnmatchedArgumentException(command, command.getUnmatchedArguments()), name, help);
            case MissingParameterException missing -> missing(missing) + help;
            case ParameterException wrong
            when wrong.getArgSpec() != null && wrong.getCause() instanceof TypeConversionException expectation ->
                "%s %s: %s".formatted(label(wrong.getArgSpec()), shown(wrong.getValue()), expectation.getMessage());
            default -> decapitalized(String.valueOf(e.getMessage())) + help;
        };
    }

    private static String unmatched(UnmatchedArgumentException e, String name, String help) {
        String unknown = e.getUnmatched().getFirst();
        List<String> suggestions = e.getSuggestions();
        String what = e.isUnknownOption()
                ? name + " has no option " + unknown
                : e.getCommandLine().getSubcommands().isEmpty()
                        ? name + " does not know what to do with \"" + unknown + "\""
                        : "there is no command " + unknown;
        return what
                + (suggestions.isEmpty() || unknown.isEmpty()
                        ? help
                        : "; did you mean " + suggestions.getFirst() + "?");
    }

    private static String missing(MissingParameterException e) {
        ArgSpec missing =
                e.getMissing().isEmpty() ? e.getArgSpec() : e.getMissing().getFirst();
        if (missing == null) {
            return decapitalized(String.valueOf(e.getMessage()));
        }
        if (!missing.isOption()) {
            return missing.paramLabel() + " is missing";
        }
        return missing.required()
                ? label(missing) + " " + missing.paramLabel() + " is missing"
                : label(missing) + " needs a value (" + missing.paramLabel() + ")";
    }

    private static String label(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }

    private static String shown(@Nullable String value) {
        return value == null || value.isEmpty() ? "\"\"" : value;
    }

    private static String decapitalized(String message) {
        String trimmed = message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
        return trimmed.isEmpty() ? trimmed : trimmed.substring(0, 1).toLowerCase(Locale.ROOT) + trimmed.substring(1);
    }

    private static String oneLine(String sentence) {
        return Printable.of(sentence.replaceAll("\\s*\\R\\s*", " ").strip());
    }
}
