package io.mnist20k.cli;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Starts the program again, as a child of this process, with the flags that this JVM was started without, and in a
/// locale that can spell every file. Loads little before it knows whether that is due.
final class Restart {
    private static final String MODULE = "jdk.incubator.vector";

    /// Set in the child: the process that started it, and when the person started that, milliseconds since 1970.
    private static final String PARENT = "mnist20k.parent";

    private static final String STARTED = "mnist20k.started";

    /// First words that open no device; all else might.
    private static final Set<String> DEVICELESS =
            Set.of("summary", "data", "help", "generate-completion", "-h", "--help", "-V", "--version");

    /// Training allocates nothing once it has begun, so a small start keeps memory small. What the JIT compiler
    /// took to compile goes back to the system twice a second; where the system cannot, the JVM need not say so.
    /// Arrays that begin at multiples of 64 bytes keep vectors from straddling cache lines. What the JVM has to
    /// say, as after SIGQUIT, is no answer of the program. What the person asked for comes later and wins.
    private static final List<String> FLAGS = List.of(
            "-Xms16m",
            "-Xmn8m",
            "-XX:TrimNativeHeapInterval=500",
            "-Xlog:trimnative=off",
            "-XX:ObjectAlignmentInBytes=64",
            "-XX:+DisplayVMOutputToStderr");

    private static final int PARENT_CHECK_MILLIS = 50;
    private static final int KILLED = 128 + 9;

    private Restart() {}

    /// Whether a flag is missing that another start would bring.
    static boolean isDue(String[] args) {
        return args.length > 0
                && !DEVICELESS.contains(args[0])
                && System.getProperty(PARENT) == null
                && (lacksModule() || !Main.class.getModule().isNativeAccessEnabled());
    }

    /// A Java without the module cannot be helped by a flag, and would not even start with it.
    private static boolean lacksModule() {
        return ModuleLayer.boot().findModule(MODULE).isEmpty()
                && ModuleFinder.ofSystem().find(MODULE).isPresent();
    }

    /// Runs the program in a JVM with the flags, on the same streams, and passes its exit code on. Signals that this
    /// process gets reach the child, which then ends in its own way.
    static int run(String[] args) {
        try {
            var builder = new ProcessBuilder(command(args)).inheritIO();
            if (FileNames.areAscii()) {
                builder.environment().put(FileNames.LOCALE_VARIABLE, FileNames.LOCALE);
            }
            Process child = builder.start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(child)));
            return child.waitFor();
        } catch (IOException e) {
            System.err.println("mnist20k: starting Java again with --add-modules " + MODULE + " failed: "
                    + e.getMessage() + "; start it with that flag yourself");
            return 1;
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts the main thread", e);
        }
    }

    static List<String> command(String[] args) {
        var runtime = ManagementFactory.getRuntimeMXBean();
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (runtime.getInputArguments().stream().noneMatch(flag -> flag.matches("-XX:\\+Use\\w+GC"))) {
            command.add("-XX:+UseSerialGC");
        }
        command.addAll(FLAGS);
        command.addAll(runtime.getInputArguments());
        if (ModuleFinder.ofSystem().find(MODULE).isPresent()) {
            command.add("--add-modules=" + MODULE);
        }
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-D" + PARENT + "=" + ProcessHandle.current().pid());
        command.add("-D" + STARTED + "=" + runtime.getStartTime());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.addAll(List.of(args));
        return command;
    }

    /// From the shutdown hook of the parent. Ctrl-C reaches the child by itself, and Windows has nothing gentler than
    /// killing; otherwise the child is told.
    private static void end(Process child) {
        if (child.isAlive() && child.supportsNormalTermination()) {
            child.destroy();
        }
        try {
            child.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a shutdown hook", e);
        }
    }

    /// In the child: a parent that is killed takes its child with it. Looks instead of waiting for
    /// [ProcessHandle#onExit], which learns of a process that is no child only after seconds.
    static void endWithParent() {
        Long parent = Long.getLong(PARENT);
        if (parent == null) {
            return;
        }
        Thread.ofPlatform().daemon().name("parent watch").start(() -> {
            while (!isOrphan(parent)) {
                try {
                    Thread.sleep(PARENT_CHECK_MILLIS);
                } catch (InterruptedException e) {
                    return;
                }
            }
            Runtime.getRuntime().halt(KILLED);
        });
    }

    /// Linux does not tell where the process may open no further file; elsewhere than on Windows an orphan gets
    /// another parent.
    private static boolean isOrphan(long parent) {
        return ProcessHandle.current().parent().map(now -> now.pid() != parent).orElse(File.separatorChar == '\\');
    }

    /// Seconds since the person started the program.
    static double secondsSinceStart() {
        long started =
                Long.getLong(STARTED, ManagementFactory.getRuntimeMXBean().getStartTime());
        return (System.currentTimeMillis() - started) * 1e-3;
    }
}
