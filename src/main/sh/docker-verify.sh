#!/usr/bin/env bash
# docker-verify.sh DATA: lints docker/Dockerfile and the manifests, builds the images without a container engine, and uses the
# CPU image as one would: as a user, on a read-only root, with nothing to write to but its volumes. Debian made by debootstrap
# stands in for the base images, with this machine's JDK, Maven and nvcc for those that build.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/../../.."

PATH=$PATH:/usr/sbin:/sbin
readonly data=$1 work=$PWD/target/docker-verify linter=dockerfilelint@1.8.0
readonly manifests=$work/manifests tools_of_manifests=(typescript@5.9.3 kubernetes-types@1.30.0 yaml@2.8.1)
readonly base=localhost/base builder=localhost/builder compiler=localhost/compiler

say() {
    echo "make docker-verify: $*"
}
fail() {
    say "$*" >&2
    exit 1
}

missing=$(for tool in buildah debootstrap setpriv unshare; do command -v "$tool" >/dev/null || echo "$tool"; done)
[[ -z $missing ]] || fail "needs" $missing "as well: on Debian, apt-get install buildah debootstrap util-linux."
(( $(id -u) == 0 )) || fail "debootstrap and the roots of containers need root; run it as root."

if command -v npx >/dev/null; then
    (cd docker && npx --yes "$linter" Dockerfile)
    say "$linter finds nothing in docker/Dockerfile"
    rm -rf "$manifests" && mkdir -p "$manifests"
    npm install --silent --no-audit --no-fund --prefix "$manifests" "${tools_of_manifests[@]}"
    node src/main/sh/manifests.mjs "$manifests"
    (cd "$manifests" && npx tsc --noEmit --strict ./*.ts)
    say "docker/kubernetes is of Kubernetes' types (${tools_of_manifests[1]})"
else
    say "docker/Dockerfile and docker/kubernetes are not linted, because npx is missing: on Debian, apt-get install npm"
fi

mkdir -p "$work/tmp"
export TMPDIR=$work/tmp
buildah() {
    command buildah --root "$work/images" --runroot "$work/run" "$@"
}
container=''
release() {
    [[ -z $container ]] || buildah rm "$container" >/dev/null
}
trap release EXIT

# from BASE NAME SETUP: makes the image NAME out of BASE and of what SETUP puts into the folder it is given.
from() {
    local made mounted
    made=$(buildah from "$1")
    mounted=$(buildah mount "$made")
    "$3" "$made" "$mounted"
    buildah commit --quiet --rm "$made" "$2" >/dev/null
}
debian() {
    say "debootstrap makes a Debian to stand in for the base images"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$2" >"$work/debootstrap.log"
    rm -rf "$2"/var/cache/apt/archives/*.deb "$2"/var/lib/apt/lists/*
}
# The JDK and Maven, with the certificates and the mirrors that they are set up for here.
tools() {
    local jdk maven
    jdk=$(src/main/sh/jdk.sh javac)
    maven=$(mvn --version | sed -n 's/^Maven home: //p')
    mkdir -p "$2/opt/java"
    cp -RL "$jdk" "$2/opt/java/openjdk"
    cp -RL "$maven" "$2/opt/maven"
    cp -L /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/"
    if [[ -f ~/.m2/settings.xml ]]; then
        cp ~/.m2/settings.xml "$2/opt/maven/conf/"
    fi
    buildah config --env JAVA_HOME=/opt/java/openjdk --env PATH=/opt/java/openjdk/bin:/opt/maven/bin:/usr/bin:/bin "$1"
}
# A host compiler and the CUDA toolkit of this machine's nvcc.
cuda() {
    local toolkit
    toolkit=$(nvcc --dryrun -x cu /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p')
    say "apt-get puts g++ beside a copy of $(readlink -f "$toolkit")"
    buildah run --isolation chroot "$1" -- sh -c \
        'apt-get update && apt-get install --yes --no-install-recommends g++' >"$work/apt-get.log" 2>&1
    cp -RL "$toolkit" "$2/usr/local/cuda"
    buildah config --env PATH=/usr/local/cuda/bin:/usr/bin:/bin "$1"
}
present() {
    buildah inspect --type image "$1" >/dev/null 2>&1
}
present "$base" || from scratch "$base" debian
present "$builder" || from "$base" "$builder" tools
if command -v nvcc >/dev/null; then
    present "$compiler" || from "$base" "$compiler" cuda
fi

build() {
    buildah build --isolation chroot --layers --target "$1" --tag "localhost/mnist20k:$1" --file docker/Dockerfile \
        --ignorefile docker/Dockerfile.dockerignore --build-arg VERSION=verify --build-arg BUILD_IMAGE="$builder" \
        --build-arg NVCC_IMAGE="$compiler" --build-arg CPU_IMAGE="$base" --build-arg GPU_IMAGE="$base" . \
        >"$work/build-$1.log" 2>&1 || { tail -n 40 "$work/build-$1.log" >&2; fail "building the target $1 failed."; }
}
for target in cpu gpu; do
    if [[ $target == gpu ]] && ! command -v nvcc >/dev/null; then
        say "the target gpu is not built, because nvcc is missing"
        continue
    fi
    say "building the target $target (log in ${work#"$PWD"/}/build-$target.log)"
    build "$target"
done

# What the image adds to its base: nothing of the build's tools, caches and sources.
container=$(buildah from localhost/mnist20k:cpu)
image=$(buildah mount "$container")
debian=$(buildah from "$base")
added=$(comm -13 <(cd "$(buildah mount "$debian")" && find . ! -type d | sort) <(cd "$image" && find . ! -type d | sort))
buildah rm "$debian" >/dev/null
strange=$(grep -vE '^\./opt/mnist20k/(LICENSE|THIRD-PARTY-LICENSES|README\.md|bin/mnist20k|lib/(check/)?[^/]+\.(jar|py)|lib/check/lib/[^/]+\.so|runtime/.*)$' <<<"$added" || true)
[[ -z $strange ]] || fail "the image holds what it should not: $strange"
bytes() {
    du -s --block-size=1M "$1" | cut -f1
}
say "the image has $(bytes "$image") MB, of which $(bytes "$image/opt/mnist20k") MB in $(wc -l <<<"$added") files are ours"

setting() {
    buildah inspect --type image --format "{{$1}}" localhost/mnist20k:cpu
}
user=$(setting .OCIv1.Config.User)
[[ $user == 10001:10001 ]] || fail "the image runs as '$user', not as 10001:10001."
read -ra entrypoint <<<"$(setting 'range .OCIv1.Config.Entrypoint}}{{.}} {{end')"
mapfile -t environment < <(setting 'range .OCIv1.Config.Env}}{{.}}
{{end')

# Runs a program as the image's user would on `docker run --read-only`: process 1 of its own, no capabilities, no network,
# and nothing to write to but the two volumes.
rm -rf "$work/volumes"
install -d -m 1777 "$work"/volumes/{data,runs}
cp -R "$data" "$work/volumes/data/mnist20k"
inside() {
    unshare --mount --pid --net --ipc --uts --fork --kill-child sh -euc '
        image=$1 volumes=$2 user=$3; shift 3
        mount --bind "$image" "$image"
        mount -o remount,bind,ro "$image"
        for volume in data runs; do mount --bind "$volumes/$volume" "$image/$volume"; done
        mount -t proc proc "$image/proc"
        exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$image" "$@"' \
        sh "$image" "$work/volumes" "$user" \
        env -i "${environment[@]}" "$@"
}

say "doctor, train and evaluate as user $user on a read-only root"
inside "${entrypoint[@]}" doctor
inside sh -c '! touch /writable /opt/mnist20k/writable /tmp/writable 2>/dev/null' || fail "the root can be written to."
inside "${entrypoint[@]}" train --limit 2000 --epochs 1 --out /runs/short
inside "${entrypoint[@]}" evaluate /runs/short/model.safetensors

# job NAME [VARIABLE=VALUE]: what a container of the manifests does, a little of it, on the CPU.
job() {
    local words
    mapfile -d '' words <"$manifests/$1.command"
    words=("${words[@]//--device cuda/--device cpu --limit 2000 --set epochs=1}")
    inside "${@:2}" "${words[@]//--require 0.994/--require 0.1}"
}
if [[ -d $manifests ]]; then
    say "the jobs of docker/kubernetes: a training, the same when it is over, a sweep in four shares, and their merging"
    job train
    job train
    for index in 0 1 2 3; do job sweep "JOB_COMPLETION_INDEX=$index" >/dev/null; done
    job merge
    runs=$(wc -l <"$work/volumes/runs/sweep/runs.jsonl")
    (( runs == 20 )) || fail "merging the shares gave $runs runs, not 20."
fi

say "SIGTERM in the middle of a training"
log=$work/stopped.log
inside "${entrypoint[@]}" train --out /runs/stopped >"$log" 2>&1 &
outside=$!
for (( tenths = 0; tenths < 1200; tenths++ )); do
    ! grep -qs '^epoch ' "$log" || break
    kill -0 "$outside" 2>/dev/null || break
    sleep 0.1
done
sleep 2 # into the first epoch's steps
kill -TERM "$(pgrep --parent "$(pgrep --parent "$outside")")" # the shell here, unshare, and then process 1 in there
status=0
wait "$outside" || status=$?
(( status == 143 )) || { tail "$log" >&2; fail "SIGTERM ended the container with $status, not 143."; }
[[ -s $work/volumes/runs/stopped/checkpoint ]] || fail "SIGTERM left no checkpoint."
say "ended with 143 and a checkpoint"
say "passed"
