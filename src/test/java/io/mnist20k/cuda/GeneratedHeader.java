package io.mnist20k.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByPtrPtr;

/// One of NVIDIA's headers, as JavaCPP's parser wrote it down in a class. The class is read and never initialised,
/// which would load native code.
final class GeneratedHeader {
    private final Class<?> methods;
    private final ClassModel file;

    private GeneratedHeader(String name) {
        try {
            methods = Class.forName(name, false, GeneratedHeader.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(name, e);
        }
        file = parse(methods);
    }

    /// @param library as the classes name it: `cudart` (which holds the driver too), `cudnn`, `cublas`, `nvrtc`
    static GeneratedHeader of(String library) {
        return new GeneratedHeader("org.bytedeco.cuda.global." + library);
    }

    /// The value of an enumerator or of a macro that is a number.
    OptionalLong constant(String name) {
        for (FieldModel field : file.fields()) {
            if (field.fieldName().equalsString(name)) {
                var value = field.findAttribute(Attributes.constantValue());
                if (value.isPresent() && value.get().constant().constantValue() instanceof Integer number) {
                    return OptionalLong.of(number);
                }
            }
        }
        return OptionalLong.empty();
    }

    /// Every way in which the class declares a function, a parameter a letter as in [FunctionTable], with `*` for a
    /// pointer to data, which may be on either side.
    List<String> signatures(String function) {
        return Arrays.stream(methods.getMethods())
                .filter(method -> method.getName().equals(function)
                        && method.accessFlags().contains(AccessFlag.NATIVE))
                .map(method -> letter(method.getReturnType(), false) + ":" + parameters(method))
                .distinct()
                .toList();
    }

    private static String parameters(Method method) {
        var letters = new StringBuilder();
        for (var parameter : method.getParameters()) {
            letters.append(letter(parameter.getType(), parameter.isAnnotationPresent(ByPtrPtr.class)));
        }
        return letters.toString();
    }

    private static char letter(Class<?> type, boolean pointerToIt) {
        if (type == void.class) {
            return 'V';
        } else if (type == byte.class) {
            return 'B';
        } else if (type == int.class) {
            return 'I';
        } else if (type == long.class) {
            return 'J';
        } else if (type == float.class) {
            return 'F';
        } else if (type == double.class) {
            return 'D';
        } else if (pointerToIt) {
            return 'P';
        } else if (type == Pointer.class || isArrayOfFloats(type)) {
            return '*';
        } else if (isOpaque(type)) {
            return 'J';
        }
        return 'P';
    }

    private static boolean isArrayOfFloats(Class<?> type) {
        return type == float[].class
                || type == java.nio.FloatBuffer.class
                || type == org.bytedeco.javacpp.FloatPointer.class;
    }

    /// A handle: a structure that the headers declare and never define.
    private static boolean isOpaque(Class<?> type) {
        return Pointer.class.isAssignableFrom(type)
                && type.getPackageName().startsWith("org.bytedeco.cuda")
                && members(type).isEmpty();
    }

    /// The members of a structure in the order of the header, each with its Java type. An array appears once, as
    /// its element.
    ///
    /// @param name as in `cudnn.cudnnConvolutionFwdAlgoPerf_t`
    static Map<String, Class<?>> structure(String name) {
        try {
            return members(Class.forName("org.bytedeco.cuda." + name, false, GeneratedHeader.class.getClassLoader()));
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(name, e);
        }
    }

    private static Map<String, Class<?>> members(Class<?> structure) {
        var members = new LinkedHashMap<String, Class<?>>();
        for (MethodModel method : parse(structure).methods()) {
            primitive(method)
                    .ifPresent(type -> members.putIfAbsent(method.methodName().stringValue(), type));
        }
        return members;
    }

    /// The type of the member that a getter reads.
    private static Optional<Class<?>> primitive(MethodModel method) {
        if (!method.flags().has(AccessFlag.NATIVE)) {
            return Optional.empty();
        }
        return switch (method.methodTypeSymbol().returnType().descriptorString()) {
            case "I" -> Optional.of(int.class);
            case "F" -> Optional.of(float.class);
            case "J" -> Optional.of(long.class);
            default -> Optional.empty();
        };
    }

    private static ClassModel parse(Class<?> type) {
        String resource = "/" + type.getName().replace('.', '/') + ".class";
        try (InputStream bytes = Objects.requireNonNull(type.getResourceAsStream(resource), resource)) {
            return ClassFile.of().parse(bytes.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
