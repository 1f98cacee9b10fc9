package io.mnist20k.cli;

/// Where the jar begins. The build compiles this class for Java 8, so that an older Java can load it and be
/// told that it is too old; hence it names no other class of the program.
public final class Start {
    private static final int OLDEST = 25;

    private Start() {}

    /// @param args as typed
    public static void main(String[] args) throws ReflectiveOperationException {
        String version = System.getProperty("java.specification.version"); // 1.8 of Java 8
        if (Double.parseDouble(version) < OLDEST) {
            System.err.println("mnist20k: starting on Java " + version + ": it needs Java " + OLDEST
                    + " or newer; start it with one, which may be in /usr/lib/jvm, or install one");
            System.exit(1);
        }
        Class.forName("io.mnist20k.cli.Main").getMethod("main", String[].class).invoke(null, (Object) args);
    }
}
