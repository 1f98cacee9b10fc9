package io.mnist20k.engine.cpu;

import io.mnist20k.Units;
import io.mnist20k.engine.Availability;
import io.mnist20k.engine.Engine;
import io.mnist20k.engine.EngineProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Looks for the Vector API's module before any class that needs it is touched.
public final class CpuProvider implements EngineProvider {
    private static final String MODULE = "jdk.incubator.vector";

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public Availability probe() {
        Map<String, String> findings = new LinkedHashMap<>();
        findings.put("processor", processor());
        findings.put("threads", String.valueOf(Runtime.getRuntime().availableProcessors()));
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return new Availability.Missing(
                    List.of("the module " + MODULE + " is not loaded; start java with --add-modules " + MODULE),
                    findings);
        }
        findings.put("vectors", Lanes.COUNT * Float.SIZE + " bit" + (Lanes.FUSED ? "" : ", no fused multiply-add"));
        return new Availability.Ready(processor(), findings);
    }

    @Override
    public Engine create(int threads) {
        return new CpuEngine(threads, processor() + ", " + Units.counted(threads, "thread"));
    }

    /// As Linux calls it; elsewhere the architecture.
    private static String processor() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElseGet(CpuProvider::architecture);
        } catch (IOException e) {
            return architecture();
        }
    }

    private static String architecture() {
        return System.getProperty("os.arch", "unknown processor");
    }
}
