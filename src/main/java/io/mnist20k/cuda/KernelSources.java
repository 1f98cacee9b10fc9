package io.mnist20k.cuda;

import io.mnist20k.UserError;
import java.util.List;
import java.util.Map;

/// Kernels as text, for NVRTC.
///
/// @param name    of the main file, as compiler messages call it
/// @param text    of the main file
/// @param headers each text by the name with which it is included
public record KernelSources(String name, String text, Map<String, String> headers) {
    public KernelSources {
        headers = Map.copyOf(headers);
    }

    /// Compiles for exactly this GPU, or, where this NVRTC is older than the GPU, for the newest one it
    /// knows, as PTX.
    ///
    /// @return cubin or PTX
    /// @throws UserError     where there is no NVRTC, or with the compiler's log where it refuses the sources
    /// @throws CudaException where NVRTC fails otherwise
    byte[] compile(Gpu gpu) {
        int wanted = 10 * gpu.description().major() + gpu.description().minor();
        List<Integer> known = Nvrtc.supportedArchitectures();
        boolean exact = known.contains(wanted);
        int nearest = known.stream()
                .filter(architecture -> architecture <= wanted)
                .max(Integer::compare)
                .orElseThrow(() -> new UserError("this NVRTC compiles only for compute capabilities " + known
                        + ", and the GPU is older: install an older CUDA toolkit"));
        return compile(nearest, exact);
    }

    /// @param architecture as in `sm_75`, one that this NVRTC knows
    /// @param machineCode  whether to give a cubin; else PTX
    byte[] compile(int architecture, boolean machineCode) {
        List<String> options = List.of(
                "--std=c++17",
                // Before CUDA 13 a generic lambda inside a device function counts as a host function otherwise.
                "-default-device",
                "--gpu-architecture=" + (machineCode ? "sm_" : "compute_") + architecture);
        try (NvrtcProgram program = new NvrtcProgram(this)) {
            program.compile(options);
            return machineCode ? program.cubin() : program.ptx();
        }
    }
}
