package io.mnist20k.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The program's entry point.
@Command(name = "mnist20k", mixinStandardHelpOptions = true, version = "mnist20k 0.1.0")
public final class Main implements Runnable {
    /// @param args as typed
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
