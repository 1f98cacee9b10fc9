package io.mnist20k.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.mnist20k.bench.Bench;
import io.mnist20k.bench.LayerTime;
import io.mnist20k.bench.Measured;
import io.mnist20k.bench.Rate;
import io.mnist20k.engine.Roofline;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Speeds as `bench --json` prints them. GFLOP/s count two operations a multiply-add; the nominal ones are of the
/// direct algorithm.
///
/// @param device          `cuda`, `cpu` or `reference`
/// @param threads         of a device that computes on the CPU
/// @param java            its version
/// @param recipe          its name
/// @param secondsPerRound about
/// @param roofline        only where the engine can measure it, and so with all that depends on it
/// @param layers          only with `--layers`
@JsonInclude(JsonInclude.Include.NON_NULL)
record BenchAnswer(
        String device,
        String deviceName,
        int threads,
        String java,
        String recipe,
        int parameters,
        int batch,
        int rounds,
        double secondsPerRound,
        Speed training,
        Speed inference,
        @Nullable Limits roofline,
        @Nullable List<Layer> layers) {
    /// @param imagesPerSecond median of the rounds
    /// @param multiplyAdds    of one image
    /// @param shareOfPeak     can be more than 1: nominal is not what is really computed
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Speed(
            double imagesPerSecond,
            double leastImagesPerSecond,
            double mostImagesPerSecond,
            List<Double> imagesPerSecondByRound,
            long multiplyAdds,
            double nominalGflops,
            @Nullable Double shareOfPeak) {
        static Speed of(Rate rate, @Nullable Roofline roofline) {
            return new Speed(
                    rate.median(),
                    rate.least(),
                    rate.most(),
                    rate.rounds(),
                    rate.multiplyAdds(),
                    rate.nominalFlops() * 1e-9,
                    roofline == null ? null : rate.nominalFlops() / roofline.flops());
        }
    }

    /// Of all threads together.
    record Limits(double peakGflops, double cacheGigabytesPerSecond, double memoryGigabytesPerSecond) {}

    /// @param layers        none for work of the step as a whole
    /// @param nanosPerImage of one thread
    /// @param nominalGflops of one thread, as are the bytes a second
    /// @param shareOfPeak   of one thread's share of it
    /// @param bytes         read and written at least, of one image
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Layer(
            List<String> layers,
            String pass,
            double nanosPerImage,
            double shareOfTime,
            long multiplyAdds,
            double nominalGflops,
            @Nullable Double shareOfPeak,
            long bytes,
            double gigabytesPerSecond) {}

    static BenchAnswer of(Bench bench, int threads, Measured measured) {
        Roofline roofline = measured.roofline();
        return new BenchAnswer(
                bench.engine().name(),
                bench.engine().deviceName(),
                threads,
                Runtime.version().toString(),
                bench.recipe().name(),
                measured.network().parameterCount(),
                bench.recipe().batch(),
                bench.rounds(),
                bench.seconds(),
                Speed.of(measured.training(), roofline),
                Speed.of(measured.inference(), roofline),
                roofline == null
                        ? null
                        : new Limits(
                                roofline.flops() * 1e-9, roofline.cacheBytes() * 1e-9, roofline.memoryBytes() * 1e-9),
                bench.layers() ? layers(measured, threads) : null);
    }

    private static List<Layer> layers(Measured measured, int threads) {
        Roofline roofline = measured.roofline();
        double all = measured.layers().stream().mapToDouble(LayerTime::nanos).sum();
        return measured.layers().stream()
                .map(time -> new Layer(
                        time.work().layers(),
                        time.work().pass().toString(),
                        time.nanos(),
                        time.nanos() / all,
                        time.work().multiplyAdds(),
                        time.nominalFlops() * 1e-9,
                        roofline == null ? null : time.nominalFlops() * threads / roofline.flops(),
                        time.work().bytes(),
                        time.bytesPerSecond() * 1e-9))
                .toList();
    }
}
