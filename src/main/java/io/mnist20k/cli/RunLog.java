package io.mnist20k.cli;

import io.mnist20k.Units;
import io.mnist20k.UserError;
import io.mnist20k.files.ShellWord;
import io.mnist20k.recipe.RecipeWriter;
import io.mnist20k.train.EpochRecord;
import io.mnist20k.train.RunDirectory;
import io.mnist20k.train.TrainingListener;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.ErrorHandler;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.OutputStreamAppender;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.jspecify.annotations.Nullable;

/// The `log.txt` of a run: what was asked, of what machine, and what came of it. A run that goes on adds to it.
final class RunLog implements TrainingListener, AutoCloseable {
    private static final Logger LOGGER = (Logger) LogManager.getLogger(RunLog.class);

    private final List<String> command;
    private @Nullable OutputStreamAppender file;

    /// @param command as typed, without the program's name
    RunLog(List<String> command) {
        this.command = command;
    }

    @Override
    public void started(Start start) {
        open(start);
        LOGGER.info("mnist20k {}", ShellWord.join(command));
        LOGGER.info(
                "{} {}, Java {}", System.getProperty("os.name"), System.getProperty("os.version"), Runtime.version());
        LOGGER.info("device {}: {}", start.device(), start.deviceName());
        LOGGER.info(
                "{} and {}, seed {}, from epoch {}, step {}",
                Units.counted(start.trainingImages(), "training image"),
                Units.counted(start.validationImages(), "validation image"),
                start.settings().seed(),
                start.epochsDone() + 1,
                start.stepsDone() + 1);
        LOGGER.info("recipe\n{}", RecipeWriter.toToml(start.settings().recipe()).strip());
        LOGGER.info("kernels: {}", start.kernels());
        LOGGER.info(TrainingConsole.HEADINGS);
    }

    @Override
    public void kernelsChanged(String kernels) {
        LOGGER.info("kernels: {}", kernels);
    }

    /// A log that cannot be written, as on a full disk, is no reason to stop a run; the files that matter say so
    /// themselves.
    private void open(Start start) {
        Path path = start.directory().resolve(RunDirectory.LOG);
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            return; // opening a pipe would wait for its reader
        }
        OutputStream out;
        try {
            out = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            return;
        }
        OutputStreamAppender appender = OutputStreamAppender.newBuilder()
                .setName(RunDirectory.LOG)
                .setTarget(out)
                .setLayout(PatternLayout.newBuilder()
                        .setPattern("%date{yyyy-MM-dd HH:mm:ss.SSS}  %message%n%throwable")
                        .build())
                .build();
        appender.setHandler(new Unheard());
        appender.start();
        LOGGER.setAdditive(false);
        LOGGER.setLevel(Level.INFO);
        LOGGER.addAppender(appender);
        file = appender;
    }

    @Override
    public void epochDone(EpochRecord epoch) {
        LOGGER.info(TrainingConsole.line(epoch));
    }

    /// What else belongs there; nothing before the run has started, so that a run that never did leaves no log.
    void write(String line) {
        if (file != null) {
            LOGGER.info(line);
        }
    }

    /// A sentence as it is; of a fault of the program where it was as well.
    void write(Throwable failure) {
        if (file != null) {
            LOGGER.error(failure.getMessage(), failure instanceof UserError ? null : failure);
        }
    }

    private static final class Unheard implements ErrorHandler {
        @Override
        public void error(String message) {}

        @Override
        public void error(String message, Throwable failure) {}

        @Override
        public void error(String message, LogEvent event, Throwable failure) {}
    }

    @Override
    public void close() {
        if (file != null) {
            LOGGER.removeAppender(file);
            file.stop();
        }
    }
}
