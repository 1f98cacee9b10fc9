package io.mnist20k;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class VersionTest {
    /// Here without a manifest too.
    @Test
    void theVersionIsANumberWhereverTheClassesLie() {
        assertTrue(Version.ofProgram().matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?"), Version.ofProgram());
    }
}
