package io.mnist20k.cuda;

import jcuda.driver.CUevent_flags;

/// A mark in the order of what a GPU is given to do, with the time at which it was reached.
public final class CudaEvent extends NativeObject {
    private final Gpu gpu;

    public CudaEvent(Gpu gpu) {
        super("event", () -> CudaDriver.eventCreate(CUevent_flags.CU_EVENT_DEFAULT), CudaDriver::eventDestroy);
        this.gpu = gpu;
    }

    /// Puts the mark after everything queued so far.
    public void record() {
        CudaDriver.eventRecord(handle(), gpu.stream());
    }

    /// Whether the mark has been reached; waits for nothing. Failures of what was queued before it appear
    /// here.
    public boolean isReached() {
        return CudaDriver.eventQuery(handle());
    }

    /// Waits until the mark is reached.
    public void synchronize() {
        CudaDriver.eventSynchronize(handle());
    }

    /// The time from an earlier mark to this one; both have been reached.
    ///
    /// @return milliseconds, to about half a microsecond
    public float millisecondsSince(CudaEvent earlier) {
        return CudaDriver.eventElapsedTime(earlier.handle(), handle());
    }
}
