package io.mnist20k.cuda;

import java.util.List;

/// A program in NVRTC's hands.
final class NvrtcProgram extends NativeObject {
    NvrtcProgram(KernelSources sources) {
        super("NVRTC program", () -> Nvrtc.createProgram(sources), Nvrtc::destroyProgram);
    }

    /// @throws io.mnist20k.UserError with the compiler's log where it refuses the sources
    void compile(List<String> options) {
        Nvrtc.compileProgram(handle(), options);
    }

    /// Machine code of the `sm_` architecture that it was compiled for.
    byte[] cubin() {
        return Nvrtc.getCubin(handle());
    }

    /// Text for the driver's own compiler, with the 0 at its end.
    byte[] ptx() {
        return Nvrtc.getPtx(handle());
    }
}
