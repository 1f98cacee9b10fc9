package io.mnist20k.cuda;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Skips a test where it was told to use the software CUDA device and that was not built. With
/// `-Dmnist20k.require.native`, and wherever no device was named, the test runs, and fails if there is none.
final class CudaDeviceCondition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        String libraries = System.getProperty("mnist20k.cuda.libraries");
        if (libraries == null || Boolean.getBoolean("mnist20k.require.native")) {
            return enabled("a CUDA device is required");
        }
        return Files.exists(Path.of(libraries, "libcuda.so.1"))
                ? enabled("the software CUDA device is in " + libraries)
                : disabled("the software CUDA device was not built, which needs a C++ compiler: see make native");
    }
}
