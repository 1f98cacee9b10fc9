#!/usr/bin/env bash
# dist.sh [FOLDER]: packs mnist20k-VERSION-linux-MACHINE.tar.gz, in target/ or in FOLDER, out of the built jar: the program
# with a Java of its own, and the tests that a GPU has to pass. The same sources and JDK make the same bytes.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../../.."

readonly maven=src/main/sh/maven.sh check=target/check limit_bytes=45000000
jdk=$(src/main/sh/jdk.sh javac)
version=$(sed -n '0,/<version>/ s|.*<version>\(.*\)</version>.*|\1|p' pom.xml)
name=mnist20k-$version-linux-$(uname -m)
archive=${1:-target}/$name.tar.gz
part=$(mktemp -d target/dist.XXXXXX)
trap 'rm -rf "$part"' EXIT
home=$part/$name

fail() {
    echo "make dist: $*" >&2
    exit 1
}

[[ $(uname -s) == Linux ]] || fail "the archive holds the Java of this machine and is for Linux; run it there."

# What `gpu-check` needs beside the program: the tests, what runs them, and what is measured beside ours. JCuda has a native
# half for x86-64 alone.
rm -rf "$check" "$check-markers"
jni=$([[ $(uname -m) != x86_64 ]] || echo dependency:unpack@jni)
MAVEN_OPTS="${MAVEN_OPTS:-} -Dorg.slf4j.simpleLogger.defaultLogLevel=warn" \
    "$maven" test-compile jar:test-jar@check dependency:copy@check $jni -Djacoco.skip
mv "$check/mnist20k-$version-tests.jar" "$check/mnist20k-tests.jar"
cp src/bench/peers/pytorch_{gpu,network}.py "$check"

mkdir -p "$home/lib"
cp -R src/main/dist/. "$home"
cp LICENSE "$home"
cp target/mnist20k.jar "$home/lib"
cp -R "$check" "$home/lib"

# What jdeps finds, less the modules that only parts of libraries ask for which are never used: Log4j's mail, JMS, JNDI
# and script appenders, its annotation processor, Jackson's java.sql dates, JUnit's flight recording. And a service, which
# jdeps does not see: jars as file systems, where JUnit looks for tests.
modules=jdk.zipfs,$("$jdk/bin/jdeps" --multi-release 25 --ignore-missing-deps -summary target/mnist20k.jar "$check"/*.jar |
    sed -nE 's/.* -> (jav|jdk)/\1/p' | sort -u |
    grep -vxE 'java\.(compiler|naming|rmi|scripting|sql)|jdk\.jfr' | paste -sd, -)

# Modules are stored: the archive is compressed as a whole, which makes it smaller, and Java starts faster. Left out are the
# certificates, which on some systems are the building machine's own, and what nothing here can come to use: windows,
# sounds and fonts, whose packages must exist and hence keep their outer classes, and messages in other languages.
"$jdk/bin/jlink" --output "$home/runtime" --add-modules "$modules" --compress=zip-0 \
    --strip-java-debug-attributes --no-header-files --no-man-pages \
    --exclude-files='regex:.*/(cacerts|classlist|psfont.*|lib(awt_xawt|fontmanager|freetype|jawt|jsound|splashscreen)\.so)' \
    --exclude-resources='regex:.*_(de|ja|zh_CN)\.(class|properties),'\
'regex:/java\.desktop/(javax/swing|com/sun/(java/swing|media/sound)|sun/(awt/X11|print))/.*\$.*\.class'

# Nothing of this machine: neither owners, nor times, nor its umask.
chmod -R u=rwX,go=rX "$home"
LC_ALL=C tar --create --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime='2026-01-01T00:00:00Z' \
    --directory="$part" "$name" | gzip -9n >"$part/archive"
bytes=$(wc -c <"$part/archive")
(( bytes < limit_bytes )) || fail "the archive has $bytes bytes and may have $limit_bytes; see what grew."
mv "$part/archive" "$archive"
echo "$archive: $bytes bytes"
