package io.mnist20k.check;

import io.mnist20k.engine.cuda.KernelImage;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/// The launch of [Launches] through JCuda's JNI. A program of its own: its classes and its native half lie in
/// the folder `check` and are no part of this program.
public final class JniLaunches {
    private JniLaunches() {}

    /// Prints nanoseconds of a launch.
    public static void main(String[] args) {
        byte[] image = KernelImage.compiled();
        if (image == null) {
            System.err.println("the program was packed without compiled kernels, which JCuda would load");
            return;
        }
        JCudaDriver.setExceptionsEnabled(true);
        JCudaDriver.cuInit(0);
        var device = new CUdevice();
        JCudaDriver.cuDeviceGet(device, 0);
        var context = new CUcontext();
        JCudaDriver.cuDevicePrimaryCtxRetain(context, device);
        JCudaDriver.cuCtxSetCurrent(context);
        var stream = new CUstream();
        JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING);
        var module = new CUmodule();
        JCudaDriver.cuModuleLoadData(module, image);
        var function = new CUfunction();
        JCudaDriver.cuModuleGetFunction(function, module, Launches.KERNEL);
        var step = new CUdeviceptr();
        JCudaDriver.cuMemAlloc(step, Launches.STEP_BYTES);
        JCudaDriver.cuMemsetD8(step, (byte) 0, Launches.STEP_BYTES);
        Pointer parameters = Pointer.to(Pointer.to(step));
        System.out.println(Launches.nanosOf(
                Launches.BURSTS,
                () -> JCudaDriver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, parameters, null),
                () -> JCudaDriver.cuStreamSynchronize(stream)));
    }
}
