#include "status.h"

using namespace software;

extern "C" const char* cublasGetStatusName(int status) {
    switch (status) {
        case BLAS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
        case BLAS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case BLAS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
        case BLAS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
        case BLAS_MAPPING_ERROR: return "CUBLAS_STATUS_MAPPING_ERROR";
        case BLAS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case BLAS_INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
        case BLAS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
        default: return "CUBLAS_STATUS unknown to the software device";
    }
}

extern "C" const char* cublasGetStatusString(int status) {
    switch (status) {
        case BLAS_SUCCESS: return "success";
        case BLAS_NOT_INITIALIZED: return "the library was not initialized";
        case BLAS_ALLOC_FAILED: return "the resource allocation failed";
        case BLAS_INVALID_VALUE: return "an invalid value was used as an argument";
        case BLAS_MAPPING_ERROR: return "an access to GPU memory space failed";
        case BLAS_EXECUTION_FAILED: return "the function failed to launch on the GPU";
        case BLAS_INTERNAL_ERROR: return "an internal operation failed";
        case BLAS_NOT_SUPPORTED: return "the functionality is not supported";
        default: return "unknown to the software device";
    }
}
