package io.mnist20k.engine.cuda;

import io.mnist20k.UserError;
import io.mnist20k.cuda.Cublas;
import io.mnist20k.cuda.CudaException;
import io.mnist20k.cuda.Cudnn;
import io.mnist20k.cuda.Finding;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.Libraries;
import io.mnist20k.cuda.Library;
import io.mnist20k.cuda.NativeAccess;
import io.mnist20k.engine.Availability;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.EngineProvider;
import io.mnist20k.recipe.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Looks for NVIDIA's libraries and for a GPU, and tries whether they work together.
public final class CudaProvider implements EngineProvider {
    static final String NAME = "cuda";

    /// How the software device that the tests run on calls itself.
    private static final String SOFTWARE = "mnist20k software CUDA device";

    /// The first GPU that the driver shows; CUDA_VISIBLE_DEVICES says which that is.
    private static final int ORDINAL = 0;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Availability probe() {
        if (!NativeAccess.isPermitted()) {
            String denied = "this Java denies native access; start it with " + NativeAccess.option();
            return new Availability.Missing(List.of(denied), Map.of());
        }
        var findings = new LinkedHashMap<String, String>();
        var missing = new ArrayList<Finding.Missing>();
        for (Library library : Library.values()) {
            Finding finding = Libraries.find(library);
            findings.put(library.title(), finding.toString());
            if (finding instanceof Finding.Missing absent && isNeeded(library)) {
                missing.add(absent);
            }
        }
        if (!missing.isEmpty()) {
            return new Availability.Missing(reasons(missing), findings);
        }
        try {
            return PlatformThread.call(() -> probeGpu(findings));
        } catch (UserError | CudaException failure) {
            return new Availability.Missing(List.of(String.valueOf(failure.getMessage())), findings);
        }
    }

    /// Without a driver the other libraries are only named: their own reasons stand among the findings, for those
    /// who have a GPU.
    private static List<String> reasons(List<Finding.Missing> missing) {
        Finding.Missing first = missing.getFirst();
        if (first.library() != Library.DRIVER || missing.size() == 1) {
            return missing.stream().map(Finding.Missing::reason).toList();
        }
        String others = missing.stream()
                .skip(1)
                .map(library -> library.library().title())
                .collect(Collectors.joining(" and "));
        return List.of(first.reason() + ", then get " + others);
    }

    /// NVRTC compiles the kernels where no compiled ones came with the program.
    private static boolean isNeeded(Library library) {
        return library != Library.NVRTC || !KernelImage.isCompiled();
    }

    /// Opens everything that a session opens, since most of what can be wrong shows only then.
    private static Availability probeGpu(Map<String, String> findings) {
        findings.put("driver's CUDA", version(Gpu.driverVersion(), 1000, 10));
        findings.put("cuDNN version", version(Cudnn.version(), 10_000, 100));
        findings.put("cuBLAS version", version(Cublas.version(), 10_000, 100));
        List<Gpu.Description> gpus = Gpu.all();
        for (Gpu.Description gpu : gpus) {
            findings.put(
                    "GPU " + gpu.ordinal(),
                    String.format(
                            Locale.ROOT,
                            "%s, compute capability %d.%d, %,d MiB, %d multiprocessors",
                            gpu.name(),
                            gpu.major(),
                            gpu.minor(),
                            gpu.memoryBytes() >> 20,
                            gpu.multiprocessors()));
        }
        if (gpus.isEmpty()) {
            return new Availability.Missing(
                    List.of("the driver sees no GPU: look at nvidia-smi and at CUDA_VISIBLE_DEVICES"), findings);
        }
        try (var device = new Device(ORDINAL, Precision.FP32)) {
            device.openLibraries();
            findings.put("kernels", device.kernelOrigin());
        }
        String name = gpus.getFirst().name();
        return name.equals(SOFTWARE)
                ? new Availability.OnRequest(
                        name, "it is not a GPU but this program's own test instrument, and slow", findings)
                : new Availability.Ready(name, findings);
    }

    private static String version(long number, int major, int minor) {
        return number / major + "." + number % major / minor;
    }

    @Override
    public Engine create(int threads) {
        return new CudaEngine(Gpu.all().get(ORDINAL), true);
    }
}
