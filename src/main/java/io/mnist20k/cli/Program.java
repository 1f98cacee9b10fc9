package io.mnist20k.cli;

import io.mnist20k.Version;
import java.io.PrintWriter;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// What a person types, as a whole.
@Command(
        name = "mnist20k",
        description = "Trains a network of fewer than 20,000 parameters past 99.4 %% on MNIST in fewer than 20 epochs.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Program.Versions.class,
        subcommands = {
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ExportCommand.class,
            ServeCommand.class,
            SweepCommand.class,
            SearchCommand.class,
            SummaryCommand.class,
            BenchCommand.class,
            DataCommand.class,
            DoctorCommand.class,
            GpuCheckCommand.class,
            HelpCommand.class,
            GenerateCompletion.class
        },
        usageHelpAutoWidth = true,
        sortOptions = false,
        sortSynopsis = false,
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        parameterListHeading = "%n",
        descriptionHeading = "%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed, for the reason on standard error",
            "2:wrong usage",
            "3:the accuracy that train --require asks for was not reached",
            "129, 130, 143:stopped by SIGHUP, Ctrl-C or SIGTERM; a training leaves a checkpoint to resume"
        })
final class Program implements Runnable {
    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Also show the stack trace of a failure.")
    private boolean verbose;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private Program() {}

    /// Does what the arguments say.
    ///
    /// @return the exit code
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        var program = new Program();
        var failures = new Failures(() -> program.verbose);
        var commandLine = new CommandLine(program)
                .setOut(out)
                .setErr(err)
                .setExpandAtFiles(false)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures);
        try {
            int exitCode = commandLine.execute(args);
            if (exitCode == ExitCode.OK && out.checkError()) {
                err.println("mnist20k: " + Json.UNWRITTEN);
                return ExitCode.SOFTWARE;
            }
            return exitCode;
        } catch (Error e) { // picocli lets these through
            return failures.report(e, err);
        }
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /// The program's, and that of its Java.
    static final class Versions implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"mnist20k " + Version.ofProgram(), "Java " + Runtime.version()};
        }
    }
}
