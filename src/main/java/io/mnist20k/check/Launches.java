package io.mnist20k.check;

import io.mnist20k.cuda.CudaGraph;
import io.mnist20k.cuda.DeviceBuffer;
import io.mnist20k.cuda.Gpu;
import io.mnist20k.cuda.KernelLaunch;
import io.mnist20k.cuda.KernelModule;
import io.mnist20k.engine.cuda.KernelImage;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a launch costs the thread that asks for it. The kernel does nothing worth the name; the thread never
/// gets so far ahead of the device that it has to wait.
final class Launches {
    /// Adds one to a number.
    static final String KERNEL = "end_step";

    /// `struct Step`, which it counts in.
    static final int STEP_BYTES = 32;
    private static final int BURST = 100;
    static final int BURSTS = 200;

    private Launches() {}

    /// @param bursts of a hundred launches each
    /// @return nanoseconds of a launch, the median of the later half of the bursts
    static Map<String, Double> measure(Gpu gpu, int bursts) {
        var nanos = new LinkedHashMap<String, Double>();
        try (KernelModule module = KernelImage.load(gpu);
                var step = new DeviceBuffer(gpu, STEP_BYTES)) {
            step.clear();
            KernelLaunch launch = module.kernel(KERNEL).prepare(1, 1, step);
            nanos.put("cuLaunchKernel by FFM, ns", nanosOf(bursts, launch::launch, gpu::synchronize));
            try (CudaGraph graph = gpu.capture(launch::launch)) {
                nanos.put("cuGraphLaunch by FFM, ns", nanosOf(bursts, graph::launch, gpu::synchronize));
            }
        }
        return nanos;
    }

    /// The same for whoever launches otherwise.
    static double nanosOf(int bursts, Runnable launch, Runnable synchronize) {
        double[] nanos = new double[bursts];
        for (int burst = 0; burst < bursts; burst++) {
            synchronize.run();
            long start = System.nanoTime();
            for (int i = 0; i < BURST; i++) {
                launch.run();
            }
            nanos[burst] = (System.nanoTime() - start) / (double) BURST;
        }
        synchronize.run();
        return Plan.median(Arrays.copyOfRange(nanos, bursts / 2, bursts)); // compiled by now
    }
}
