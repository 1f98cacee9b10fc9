#!/usr/bin/env bash
# dist-verify.sh DATA: packs the archive once more and compares, then unpacks it into an otherwise empty root, where there
# is a C library and a shell and nothing else, and trains there: on the CPU and, where `make native` built that, on the
# software CUDA device, which the tests for a GPU pass there as well.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../../.."

PATH=$PATH:/usr/sbin
readonly data=$1
root=$(mktemp -d target/dist-verify.XXXXXX)
trap 'rm -rf "$root"' EXIT
archive=$(ls target/mnist20k-*-linux-"$(uname -m)".tar.gz)

src/main/sh/dist.sh "$root" >/dev/null
cmp "$archive" "$root/${archive##*/}"

# Runs a program in the root with the system's /proc and /dev, and with nothing of the environment but PATH.
inside() {
    "${namespace[@]}" sh -c 'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" &&
        exec env -i PATH="$PATH" chroot "$0" "$@"' "$root" "$@"
}
namespace=(unshare --mount)
(( $(id -u) == 0 )) || namespace+=(--map-root-user)
if ! "${namespace[@]}" mount --rbind /proc "$root" 2>/dev/null; then
    echo "make dist-verify: two builds made the same bytes; trying them in an empty root is skipped, because that takes" \
        "the right to mount: run it as root."
    exit
fi

# Puts what programs of this machine load where they look for it.
libraries_of() {
    ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } /^\t\// { print $1 }' | sort -u |
        while read -r library; do install -D "$library" "$root$library"; done
}
mkdir "$root"/{data,dev,proc,runs,tmp}
install -D "$(readlink -f /bin/sh)" "$root/bin/sh"
libraries_of /bin/sh
# The rest of the C library, which loads itself in parts.
libc=$(dirname "$(ldd /bin/sh | awk '$1 == "libc.so.6" { print $3 }')")
cp -L "$libc"/lib{m,dl,pthread,rt,util,resolv}.so.[0-9] "$root$libc"
cp "$data"/*-ubyte "$root/data"
tar -xzf "$archive" -C "$root" --strip-components=1 --one-top-level=mnist20k

inside /mnist20k/bin/mnist20k doctor
inside /mnist20k/bin/mnist20k train --device cpu --limit 2000 --epochs 1 --data /data --out /runs/cpu
inside /mnist20k/bin/mnist20k evaluate /runs/cpu/model.safetensors --device cpu --data /data
# A picture is in the report, where the mistakes are.
grep -o 'data:image/png;base64,[^"]*' "$root/runs/cpu/report.html" | sed -n '1s/.*,//p' | base64 -d >"$root/runs/mistake.png"
inside /mnist20k/bin/mnist20k predict /runs/cpu/model.safetensors /runs/mistake.png --device cpu
inside /mnist20k/bin/mnist20k export /runs/cpu/model.safetensors --format onnx --out /runs/cpu/model.onnx

native=target/native
if [[ ! -e $native/libcuda.so.1 ]]; then
    echo "make dist-verify: the software CUDA device is not tried, since make native has not built it"
    exit
fi
mkdir "$root/native"
cp "$native"/*.so* "$root/native"
cp "$native/untold/libcuda.so.1" "$root/native" # which tests can tell as little as NVIDIA's
# Without what they have of each other, which lies beside them.
ldd "$native"/*.so* | awk '$2 == "=>" && $3 ~ /^\// && $3 !~ /\/target\/native\// { print $3 }' | sort -u |
    while read -r library; do install -D "$library" "$root$library"; done
inside /bin/sh -c 'MNIST20K_CUDA_LIBRARIES=/native exec /mnist20k/bin/mnist20k gpu-check --quick --data /data --out /runs/check' |
    tee "$root/runs/check.log"
grep -qx 'tests: done' "$root/runs/check.log" || {
    echo "make dist-verify: gpu-check did not run the tests that the archive brings; see the lines above." >&2
    exit 1
}
