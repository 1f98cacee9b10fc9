#!/usr/bin/env bash
# Compiles the JMH benchmarks of src/bench/java and runs them. Arguments are JMH's: which benchmarks, -p layer=conv2 …
set -euo pipefail
cd "$(dirname "$0")/../.."

classpath=target/bench.classpath
MAVEN_OPTS="${MAVEN_OPTS-} -Dorg.slf4j.simpleLogger.defaultLogLevel=warn" \
    src/main/sh/maven.sh -P bench compile compiler:testCompile@bench dependency:build-classpath -Dmdep.outputFile="$classpath"
exec "$(src/main/sh/jdk.sh)/bin/java" --add-modules jdk.incubator.vector \
    -cp "target/bench-classes:target/classes:$(<"$classpath")" org.openjdk.jmh.Main "$@"
