package io.mnist20k;

/// The memory that Java may use.
public final class JavaMemory {
    private static final long GIB = 1L << 30;

    private JavaMemory() {}

    /// What to set so that it is twice as much, such as `JAVA_TOOL_OPTIONS=-Xmx8g`.
    public static String more() {
        return "JAVA_TOOL_OPTIONS=-Xmx" + Math.ceilDiv(2 * Runtime.getRuntime().maxMemory(), GIB) + "g";
    }
}
