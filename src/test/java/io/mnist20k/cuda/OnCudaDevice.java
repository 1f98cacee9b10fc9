package io.mnist20k.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/// A test that runs on whichever CUDA device is there: the software one in every build, a GPU where the tests tagged
/// `gpu` are run on one.
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Tag("cuda")
@Tag("gpu")
@ExtendWith(CudaDeviceCondition.class)
public @interface OnCudaDevice {}
