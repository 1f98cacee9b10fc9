package io.mnist20k.cli;

import io.mnist20k.UserError;
import io.mnist20k.web.Server;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        description =
                "Serves a page to browsers on this machine: draw a digit, and the model answers; the curves of its run"
                        + " are there too. Ctrl-C ends it.")
final class ServeCommand implements Runnable {
    private static final String SECONDS_OF_A_REQUEST = "60";

    @Parameters(
            paramLabel = "MODEL",
            converter = OptionValues.FilePath.class,
            description = "The model.safetensors of a run. Until the run ends, only its curves are shown.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path model;

    @Option(
            names = "--port",
            paramLabel = "N",
            converter = OptionValues.Port.class,
            description = "0 takes any free one. Default: ${DEFAULT-VALUE}.")
    private int port = 8020;

    @Mixin
    private DeviceOptions device = new DeviceOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// For the JDK's server: how long a client may take to send a request, which otherwise is for ever. Whoever has set
    /// it knows better.
    private static void limitRequests() {
        String limit = "sun.net.httpserver.maxReqTime";
        System.setProperty(limit, System.getProperty(limit, SECONDS_OF_A_REQUEST));
    }

    @Override
    public void run() {
        limitRequests();
        try (var server = new Server(model, device.choose().engine(), port)) {
            PrintWriter out = spec.commandLine().getOut();
            out.println(server.address() + " shows " + model + "; Ctrl-C ends it");
            if (out.checkError()) {
                throw new UserError("serving " + model + ": writing the page's address to standard output failed; make"
                        + " room where it goes, and try again");
            }
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
