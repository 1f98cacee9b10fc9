package io.mnist20k.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.mnist20k.cuda.OnSoftwareDevice;
import io.mnist20k.engine.cuda.CudaProvider;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// In a process of its own, where nobody has asked for cuBLAS before.
@OnSoftwareDevice
class CublasBeforeCudnnTest {
    /// Opens a session and trains, as a program may that names its device and never asks which there are.
    static void main() {
        ContractCase test = ContractCase.usual(1);
        try (Session session = new CudaProvider().create(1).open(test.network(), test.training())) {
            session.restore(Synthetic.state(test.network(), test.training(), 1));
            session.train(Synthetic.images(1, test.images()), ReferenceRun.epoch(test, 1), (_, _, _) -> true);
        }
    }

    @Test
    void cudnnConvolvesWhereNobodyHasAskedForCublas() throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dmnist20k.cuda.libraries=" + System.getProperty("mnist20k.cuda.libraries"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        CublasBeforeCudnnTest.class.getName()))
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
    }
}
