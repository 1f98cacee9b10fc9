// Handles, versions and words for statuses.
#include <cstring>

#include "../cudnn.h"

using namespace software;

extern "C" std::size_t cudnnGetVersion() {
    return 92500;
}

extern "C" std::size_t cudnnGetCudartVersion() {
    return 13000;
}

extern "C" const char* cudnnGetErrorString(int status) {
    switch (status) {
        case CUDNN_SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case CUDNN_SUBLIBRARY_LOADING_FAILED: return "CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED";
        case CUDNN_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case CUDNN_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case CUDNN_BAD_PARAM_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
        case CUDNN_BAD_PARAM_MISALIGNED_POINTER: return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
        case CUDNN_BAD_PARAM_SIZE_INSUFFICIENT: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
        case CUDNN_BAD_PARAM_SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
        case CUDNN_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        case CUDNN_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
        case CUDNN_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
        case CUDNN_EXECUTION_FAILED_CUDART: return "CUDNN_STATUS_EXECUTION_FAILED_CUDART";
        default: return "CUDNN_STATUS unknown to the software device";
    }
}

extern "C" void cudnnGetLastErrorString(char* message, std::size_t bytes) {
    if (message == nullptr || bytes == 0) return;
    std::strncpy(message, software_last_message(), bytes - 1);
    message[bytes - 1] = 0;
}

extern "C" int cudnnCreate(Handle* handle) {
    return cudnn("cudnnCreate", {}, [&] {
        Handle& given = result("handle", handle);
        given = create(HANDLE, CudnnHandle{});
    });
}

extern "C" int cudnnDestroy(Handle handle) {
    return cudnn("cudnnDestroy", {.releases = true}, [&] {
        software_find(HANDLE, handle);
        software_drain();
        software_destroy(HANDLE, handle);
    });
}

extern "C" int cudnnSetStream(Handle handle, Handle stream) {
    return cudnn("cudnnSetStream", ON_STREAM, [&] {
        software_check_stream(stream);
        find<CudnnHandle>(HANDLE, handle).stream = stream;
    });
}
