package io.mnist20k.engine.cpu;

import io.mnist20k.engine.Pass;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Batch normalisation and what is fused into its passes, on one block of images that is in the caches already.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-XX:ObjectAlignmentInBytes=64"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class BatchNormBench {
    /// A name or a file, as after `--recipe`.
    @Param("default")
    public String recipe = "";

    /// As `mnist20k summary` names it. One whose reader normalises has no forward pass.
    @Param({"batchnorm2", "batchnorm6"})
    public String layer = "";

    private Map<Pass, Runnable> passes = Map.of();

    @Setup
    public void compile() {
        passes = new Layers(recipe).passes(layer);
    }

    @Benchmark
    public void statistics() {
        run(Pass.STATISTICS);
    }

    @Benchmark
    public void forward() {
        run(Pass.FORWARD);
    }

    @Benchmark
    public void backward() {
        run(Pass.BACKWARD);
    }

    @Benchmark
    public void dataGradient() {
        run(Pass.DATA_GRADIENT);
    }

    private void run(Pass pass) {
        Objects.requireNonNull(passes.get(pass), () -> layer + " has no pass " + pass)
                .run();
    }
}
