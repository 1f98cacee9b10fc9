package io.mnist20k.cuda;

import java.util.ArrayList;
import java.util.List;

/// The names of all native functions that give a status, for tests that let each of them fail.
public final class BoundFunctions {
    private BoundFunctions() {}

    public static List<String> withStatus() {
        var tables = new ArrayList<>(Cudnn.tables());
        tables.add(CudaDriver.FUNCTIONS);
        tables.add(Cublas.FUNCTIONS);
        tables.add(Nvrtc.FUNCTIONS);
        return tables.stream()
                .flatMap(table -> table.functions().stream())
                .filter(function -> function.returns() == 'I')
                .map(FunctionTable.Function::name)
                .sorted()
                .toList();
    }
}
