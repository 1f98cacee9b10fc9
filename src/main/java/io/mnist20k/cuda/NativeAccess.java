package io.mnist20k.cuda;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;

/// Whether Java lets this program call functions of other libraries.
public final class NativeAccess {
    private NativeAccess() {}

    /// Asks for a handle that nobody uses. Where access was not granted, Java 25 gives it with a warning, unless
    /// `--illegal-native-access=deny` was said to it; later versions will refuse.
    @SuppressWarnings("restricted")
    public static boolean isPermitted() {
        try {
            Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid());
            return true;
        } catch (IllegalCallerException denied) {
            return false;
        }
    }

    /// The option of `java` that grants it.
    public static String option() {
        Module module = NativeAccess.class.getModule();
        return "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }
}
