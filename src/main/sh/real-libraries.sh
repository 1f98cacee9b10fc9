#!/usr/bin/env bash
# real-libraries.sh FOLDER: fetches NVIDIA's own libraries into FOLDER, 1.4 GB of them, and runs what they allow on a
# machine without a GPU. They are packed in jars of Maven Central, 2.4 GB, which are deleted once they are unpacked.
# What is there already is not fetched again.
set -euo pipefail

readonly folder=$1 here=${BASH_SOURCE[0]%/*}
maven() { "$here/maven.sh" "$@"; }

fail() {
    echo "make real-libraries: $*" >&2
    exit 1
}

case $(uname -sm) in
    "Linux x86_64") readonly platform=linux-x86_64 ;;
    "Linux aarch64") readonly platform=linux-arm64 ;;
    *) fail "NVIDIA has these libraries only for Linux on x86-64 and aarch64." ;;
esac
readonly inside=org/bytedeco/cuda/$platform

# unpack NAME GROUP:ARTIFACT:VERSION CLASSIFIER PATTERN: the libraries of a jar whose names match, into FOLDER/NAME,
# which gets its name when it is complete.
unpack() {
    local name=$1 artifact=$2 classifier=$3 pattern=$4
    [[ -d $folder/$name ]] && return
    local group id version jar part=$folder/.$name.part
    IFS=: read -r group id version <<<"$artifact"
    jar=${group//.//}/$id/$version/$id-$version-$classifier.jar
    if [[ -f ~/.m2/repository/$jar ]]; then
        jar=~/.m2/repository/$jar
    else
        echo "fetching $id-$version-$classifier.jar" >&2
        maven -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:get -Dtransitive=false \
            -Dmaven.repo.local="$folder/.jars" -Dartifact="$artifact:jar:$classifier" ||
            fail "Maven could not fetch $artifact:$classifier; run it again; what arrived is kept."
        jar=$folder/.jars/$jar
    fi
    rm -rf "$part"
    mkdir -p "$part"
    mapfile -t files < <("$jdk/bin/jar" --list --file "$jar" | grep -E "^$inside/($pattern)\$")
    (( ${#files[@]} )) || fail "$jar holds none of $pattern."
    "$jdk/bin/jar" --extract --file "$jar" --dir "$part" "${files[@]}"
    mv "$part/$inside" "$folder/$name"
    rm -rf "$part"
}

jdk=$("$here/jdk.sh" javac)
mkdir -p "$folder"
if [[ ! -d $folder/cuda-12.6 || ! -d $folder/cuda-13.3 ]]; then
    free=$(( $(df --output=avail --block-size=1M "$folder" | tail -1) ))
    (( free > 4500 )) || fail "needs 4.5 GB in $folder while it unpacks, and $free MB are free there."
fi
unpack cuda-12.6 org.bytedeco:cuda:12.6-9.5-1.5.11 $platform-redist \
    'libcublas(Lt)?\.so\.12|libcudnn(_(graph|ops|cnn|heuristic|engines_.*))?\.so\.9|libnvrtc(-builtins)?\.so\..*'
unpack cuda-13.3 org.bytedeco:cuda-redist:13.3-9.25-1.5.14 $platform 'libnvrtc(-builtins)?\.so\..*'
rm -rf "$folder/.jars"

maven test-compile surefire:test@real-libraries -Dreal.libraries="$folder/cuda-12.6"
# Of CUDA 13 there is NVRTC alone.
maven surefire:test@real-libraries -Dreal.libraries="$folder/cuda-13.3" -Dtest=RealNvrtcTest
