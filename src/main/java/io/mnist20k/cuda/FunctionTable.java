package io.mnist20k.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.mnist20k.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The functions of one library that a binding class calls, as a table that grows while the class declares
/// its handles: `private static final MethodHandle MEM_FREE = FUNCTIONS.bind("cuMemFree_v2", "J")` both
/// enters the function and makes the handle. A class initialiser that fails is final for the process, so
/// binding never fails: where the library or the function is missing, the handle throws the reason when it is
/// called, and the table can be read anywhere.
///
/// **Signatures** are letters, one a parameter, in the order of the C prototype:
///
/// | letter | C |
/// | --- | --- |
/// | `B` | `unsigned char` |
/// | `I` | `int`, `unsigned`, an enum |
/// | `J` | `size_t`, `long long`, `CUdeviceptr`, an opaque handle, a device pointer |
/// | `P` | a pointer to host memory |
/// | `D` | `double` |
///
/// A function returns its status, an `I`, unless a letter and a colon stand before its parameters: `J:` takes
/// nothing and returns a `size_t`, `V:PJ` returns nothing.
final class FunctionTable {
    /// One function as it is bound.
    ///
    /// @param name      the symbol looked for first
    /// @param signature letters as explained above
    /// @param required  whether the engine cannot work without it
    /// @param found     whether the library was there and had it
    record Function(String name, String signature, boolean required, boolean found) {
        char returns() {
            return signature.indexOf(':') == 1 ? signature.charAt(0) : 'I';
        }

        String parameters() {
            return signature.substring(signature.indexOf(':') + 1);
        }
    }

    /// A native call that gives its status; the one place that a handle's `Throwable` is allowed to reach.
    @FunctionalInterface
    interface Call {
        int status() throws Throwable;
    }

    private final Library library;
    private final Supplier<SymbolLookup> opener;
    private final List<Function> functions = new ArrayList<>();
    private Optional<SymbolLookup> symbols = Optional.empty();
    private Optional<UserError> missing = Optional.empty();

    FunctionTable(Library library) {
        this(library, () -> Libraries.symbols(library));
    }

    /// @param opener opens the library, or throws the reason why not
    FunctionTable(Library library, Supplier<SymbolLookup> opener) {
        this.library = library;
        this.opener = opener;
    }

    /// A handle of a function that every supported version of the library has.
    MethodHandle bind(String name, String signature) {
        return bind(name, Optional.empty(), signature, true);
    }

    /// A handle of a function that older versions have under another name.
    MethodHandle bind(String name, String fallback, String signature) {
        return bind(name, Optional.of(fallback), signature, true);
    }

    /// A handle of a function that some supported versions lack; asks [#has] before the call.
    MethodHandle bindIfPresent(String name, String signature) {
        return bind(name, Optional.empty(), signature, false);
    }

    /// Every function bound so far, in the order of declaration.
    List<Function> functions() {
        return List.copyOf(functions);
    }

    boolean has(String name) {
        return functions.stream().anyMatch(function -> function.name().equals(name) && function.found());
    }

    /// @throws UserError with the reason where the library is missing, or naming every function it lacks
    void requireComplete() {
        if (missing.isPresent()) {
            throw again(missing.get());
        }
        List<String> lacking = functions.stream()
                .filter(function -> function.required() && !function.found())
                .map(Function::name)
                .toList();
        if (!lacking.isEmpty()) {
            throw lacks(String.join(", ", lacking));
        }
    }

    /// Runs one call and gives its status.
    ///
    /// @throws UserError             where the function is missing
    /// @throws IllegalStateException where an argument is closed
    static int status(Call call) {
        try {
            return call.status();
        } catch (UserError missing) {
            throw again(missing);
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable impossible) {
            throw new AssertionError("a native function threw", impossible);
        }
    }

    /// The value that a call writes through its `int*`.
    static int outInt(Consumer<MemorySegment> call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            call.accept(out);
            return out.get(JAVA_INT, 0);
        }
    }

    /// The value that a call writes through its `size_t*`, `CUdeviceptr*` or pointer to a handle.
    static long outLong(Consumer<MemorySegment> call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            call.accept(out);
            return out.get(JAVA_LONG, 0);
        }
    }

    /// The text behind a `const char*` that the library keeps.
    @SuppressWarnings("restricted")
    static String text(MemorySegment chars) {
        return chars.equals(MemorySegment.NULL)
                ? ""
                : chars.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /// The text that a function of an `int` returns, such as the name of a status.
    static String text(MethodHandle function, int value) {
        MemorySegment[] chars = {MemorySegment.NULL};
        status(() -> {
            chars[0] = (MemorySegment) function.invokeExact(value);
            return 0;
        });
        return text(chars[0]);
    }

    @SuppressWarnings("restricted")
    private MethodHandle bind(String name, Optional<String> fallback, String signature, boolean required) {
        if (functions.isEmpty()) {
            open();
        }
        Optional<MemorySegment> address =
                symbols.flatMap(lookup -> lookup.find(name).or(() -> fallback.flatMap(lookup::find)));
        Function function = new Function(name, signature, required, address.isPresent());
        functions.add(function);
        FunctionDescriptor descriptor = descriptor(function);
        return address.map(found -> Linker.nativeLinker().downcallHandle(found, descriptor))
                .orElseGet(() -> refusal(function, descriptor.toMethodType()));
    }

    private void open() {
        try {
            symbols = Optional.of(opener.get());
        } catch (UserError reason) {
            missing = Optional.of(reason);
        }
    }

    private MethodHandle refusal(Function function, MethodType type) {
        UserError reason = missing.orElseGet(() -> lacks(function.name()));
        MethodHandle thrower = MethodHandles.throwException(type.returnType(), UserError.class);
        return MethodHandles.dropArguments(thrower.bindTo(reason), 0, type.parameterList());
    }

    private UserError lacks(String functions) {
        return new UserError(library.title() + " lacks " + functions + ": install a newer version of it");
    }

    /// The same sentence from another place: an error that is thrown twice keeps the stack of the first time.
    private static UserError again(UserError reason) {
        return new UserError(reason.getMessage(), reason);
    }

    static FunctionDescriptor descriptor(Function function) {
        MemoryLayout[] parameters = function.parameters()
                .chars()
                .mapToObj(letter -> layout((char) letter))
                .toArray(MemoryLayout[]::new);
        return function.returns() == 'V'
                ? FunctionDescriptor.ofVoid(parameters)
                : FunctionDescriptor.of(layout(function.returns()), parameters);
    }

    private static MemoryLayout layout(char letter) {
        return switch (letter) {
            case 'B' -> JAVA_BYTE;
            case 'I' -> JAVA_INT;
            case 'J' -> JAVA_LONG;
            case 'P' -> ADDRESS;
            case 'D' -> JAVA_DOUBLE;
            default -> throw new IllegalArgumentException("no such signature letter: " + letter);
        };
    }
}
