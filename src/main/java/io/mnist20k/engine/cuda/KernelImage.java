package io.mnist20k.engine.cuda;

import io.mnist20k.Packed;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.KernelModule;
import io.mnist20k.cuda.KernelSources;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// This program's kernels as they travel in its jar: compiled where the build had nvcc, and as sources always.
public final class KernelImage {
    private static final String FOLDER = "/cuda-kernels/";
    private static final String COMPILED = "mnist20k.fatbin";
    private static final String MAIN_SOURCE = "mnist20k.cu";
    private static final Pattern INCLUDE = Pattern.compile("(?m)^\\s*#include \"(.+)\"");

    private KernelImage() {}

    /// @throws io.mnist20k.UserError where neither form can be used on this GPU, with the reasons
    public static KernelModule load(Gpu gpu) {
        return KernelModule.load(gpu, compiled(), sources());
    }

    /// As they were compiled with the program; null where they were not.
    public static byte @Nullable [] compiled() {
        return Packed.find(KernelImage.class, FOLDER + COMPILED);
    }

    /// Whether compiled kernels came with the program.
    static boolean isCompiled() {
        return KernelImage.class.getResource(FOLDER + COMPILED) != null;
    }

    private static KernelSources sources() {
        String text = Packed.text(KernelImage.class, FOLDER + MAIN_SOURCE);
        var headers = new LinkedHashMap<String, String>();
        collectHeaders(text, headers);
        return new KernelSources(MAIN_SOURCE, text, headers);
    }

    private static void collectHeaders(String text, Map<String, String> headers) {
        INCLUDE.matcher(text).results().map(include -> include.group(1)).forEach(name -> {
            if (!headers.containsKey(name)) {
                String header = Packed.text(KernelImage.class, FOLDER + name);
                headers.put(name, header);
                collectHeaders(header, headers);
            }
        });
    }
}
