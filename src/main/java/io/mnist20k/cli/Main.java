package io.mnist20k.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ExitCode;

/// The program's entry point.
public final class Main {
    private static final String LOG_CONFIGURATION = "log4j2.configurationFile";

    private Main() {}

    /// @param args as typed
    public static void main(String[] args) {
        Optional<String> misread = FileNames.misread(args);
        if (misread.isPresent()) {
            System.err.println("mnist20k: reading the argument \"" + misread.get()
                    + "\": this locale cannot encode it; " + FileNames.REMEDY);
            System.exit(ExitCode.USAGE);
        }
        System.exit(Restart.isDue(args) ? Restart.run(args) : run(args));
    }

    private static int run(String[] args) {
        Restart.endWithParent();
        configureLog();
        Locale.setDefault(Locale.ROOT); // what one machine writes, another with other digits and commas has to read
        return Program.run(
                args,
                writer(FileDescriptor.out, System.out.charset()),
                writer(FileDescriptor.err, System.err.charset()));
    }

    /// Of the program alone: what takes it as a library has a configuration of its own. Log4j's own troubles are
    /// nobody's: it would show a stack trace where nothing knows this machine's name, as in containers without a
    /// network.
    private static void configureLog() {
        if (System.getProperty(LOG_CONFIGURATION) == null) {
            System.setProperty(LOG_CONFIGURATION, "classpath:io/mnist20k/cli/log4j2.xml");
            System.setProperty("log4j2.statusLoggerLevel", "FATAL"); // until that is read
        }
    }

    /// Where the locale knows ASCII only, as in containers that set none, the terminal still reads UTF-8.
    private static PrintWriter writer(FileDescriptor stream, Charset charset) {
        return new PrintWriter(
                new FileOutputStream(stream),
                true,
                charset.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : charset);
    }
}
