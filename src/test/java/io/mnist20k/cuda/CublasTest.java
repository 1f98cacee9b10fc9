package io.mnist20k.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.cuda.Cublas.Operation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import jcuda.jcublas.cublasStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// That arguments reach cuBLAS in their places. All numbers are small integers, so products are exact.
@OnCudaDevice
final class CublasTest {
    private final Owner owner = new Owner();
    private Gpu gpu;
    private CublasHandle cublas;

    @BeforeEach
    void open() {
        gpu = owner.own(new Gpu(0));
        cublas = owner.own(new CublasHandle(gpu, false));
    }

    @AfterEach
    void nothingIsLeft() {
        owner.close();
        assertEquals(Map.of(), NativeObject.live());
    }

    @Test
    void versionIsOfCublas12Or13() {
        int major = Cublas.version() / 10_000;
        assertTrue(major == 12 || major == 13, Integer.toString(Cublas.version()));
    }

    @ParameterizedTest
    @CsvSource({"NONE, NONE", "NONE, TRANSPOSE", "TRANSPOSE, NONE", "TRANSPOSE, TRANSPOSE"})
    void productsOfAwkwardSizesAreRight(Operation opA, Operation opB) {
        int m = 5;
        int n = 3;
        int k = 7;
        int ldA = (opA == Operation.NONE ? m : k) + 2;
        int ldB = (opB == Operation.NONE ? k : n) + 1;
        int ldC = m + 3;
        float[] a = numbers(ldA * Math.max(m, k));
        float[] b = numbers(ldB * Math.max(k, n));
        float[] expected = new float[ldC * n];
        for (int column = 0; column < n; column++) {
            for (int row = 0; row < m; row++) {
                for (int inner = 0; inner < k; inner++) {
                    expected[row + column * ldC] += at(opA, a, ldA, row, inner) * at(opB, b, ldB, inner, column);
                }
            }
        }
        DeviceBuffer c = buffer(new float[ldC * n]);
        multiply(cublas, opA, opB, m, n, k, buffer(a).address(), ldA, buffer(b).address(), ldB, c.address(), ldC);
        assertArrayEquals(expected, floats(c, ldC * n));
    }

    @Test
    void productOfBfloat16IsSummedInSinglePrecision() {
        // [1 2; 3 4] [5; 256] column-major; 1029 has more digits than a bfloat16.
        DeviceBuffer a = bfloat16(1, 3, 2, 4);
        DeviceBuffer b = bfloat16(5, 256);
        DeviceBuffer c = buffer(0, 0);
        Cublas.gemmEx(
                cublas,
                Operation.NONE,
                Operation.NONE,
                2,
                1,
                2,
                DataType.BFLOAT16,
                a.address(),
                2,
                b.address(),
                2,
                DataType.FLOAT,
                c.address(),
                2);
        assertArrayEquals(new float[] {517, 1039}, floats(c, 2));
    }

    @Test
    void impossibleSizesAreRefusedByName() {
        long c = buffer(0).address();
        CudaException failure = assertThrows(
                CudaException.class, () -> multiply(cublas, Operation.NONE, Operation.NONE, 3, 1, 1, c, 2, c, 1, c, 3));
        assertEquals(cublasStatus.CUBLAS_STATUS_INVALID_VALUE, failure.status());
        assertTrue(failure.getMessage().contains("cublasGemmEx"), failure.getMessage());
        assertTrue(failure.getMessage().contains("ldA=2"), failure.getMessage());
        assertTrue(failure.getMessage().contains("CUBLAS_STATUS_INVALID_VALUE"), failure.getMessage());
    }

    @Test
    void closedHandleCannotBeUsedAndHasFreedItsWorkspace() {
        long address = buffer(0).address();
        Map<String, Integer> before = NativeObject.live();
        CublasHandle closed = new CublasHandle(gpu, true);
        closed.close();
        closed.close();
        assertEquals(before, NativeObject.live());
        assertThrows(
                IllegalStateException.class,
                () -> multiply(closed, Operation.NONE, Operation.NONE, 1, 1, 1, address, 1, address, 1, address, 1));
    }

    private static void multiply(
            CublasHandle cublas,
            Operation opA,
            Operation opB,
            int m,
            int n,
            int k,
            long a,
            int ldA,
            long b,
            int ldB,
            long c,
            int ldC) {
        DataType type = DataType.FLOAT;
        Cublas.gemmEx(cublas, opA, opB, m, n, k, type, a, ldA, b, ldB, type, c, ldC);
    }

    private static float at(Operation operation, float[] matrix, int ld, int row, int column) {
        return operation == Operation.NONE ? matrix[row + column * ld] : matrix[column + row * ld];
    }

    private static float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = i * 7 % 11 - 4;
        }
        return numbers;
    }

    private DeviceBuffer bfloat16(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Short.BYTES).order(ByteOrder.nativeOrder());
        for (float value : values) {
            bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        }
        DeviceBuffer buffer = owner.own(new DeviceBuffer(gpu, bytes.capacity()));
        buffer.upload(0, bytes.array());
        return buffer;
    }

    private DeviceBuffer buffer(float... values) {
        DeviceBuffer buffer = owner.own(new DeviceBuffer(gpu, (long) values.length * Float.BYTES));
        buffer.upload(0, values);
        return buffer;
    }

    private static float[] floats(DeviceBuffer buffer, int count) {
        float[] floats = new float[count];
        buffer.download(0, floats);
        return floats;
    }
}
