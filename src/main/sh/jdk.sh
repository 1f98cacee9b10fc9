#!/usr/bin/env bash
# Prints the home of a Java that can run mnist20k, or with the argument "javac" of one that can build it.
# Looks at JAVA_HOME, at the java on PATH, then where systems and version managers put theirs; among those Java 25
# itself goes before newer ones.
set -euo pipefail
shopt -s nullglob

readonly wanted=25 tool=${1:-java}

# The Java version of a home, from the `release` file that lies in every one; empty where there is none.
version() {
    [[ -x $1/bin/$tool && -r $1/release ]] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9][0-9]*\).*/\1/p' "$1/release"
}

on_path=$(readlink -f "$(command -v java || true)" || true)
for home in "${JAVA_HOME:-}" "${on_path%/*/*}"; do
    [[ -n $home ]] || continue # not the root of the system, which an empty name would mean
    found=$(version "$home")
    if (( ${found:-0} >= wanted )); then
        echo "$home"
        exit
    fi
done

installed=(
    /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /opt/java/* /opt/*jdk*
    /Library/Java/JavaVirtualMachines/*/Contents/Home ~/Library/Java/JavaVirtualMachines/*/Contents/Home
    {/opt/homebrew,/usr/local}/opt/openjdk*/libexec/openjdk.jdk/Contents/Home
    ~/.sdkman/candidates/java/* ~/.jdks/* ~/.asdf/installs/java/* ~/.local/share/mise/installs/java/*
)
newest='' newest_version=0
for home in "${installed[@]}"; do
    found=$(version "$home")
    if (( ${found:-0} == wanted )); then
        echo "$home"
        exit
    elif (( ${found:-0} > wanted && (newest_version == 0 || found < newest_version) )); then
        newest=$home newest_version=$found
    fi
done
if [[ -n $newest ]]; then
    echo "$newest"
    exit
fi

echo "mnist20k needs a JDK $wanted, and none was found in JAVA_HOME, on PATH or where systems keep them:" \
    "install one (the package openjdk-25-jdk or temurin-25-jdk) or set JAVA_HOME to its folder." >&2
exit 1
