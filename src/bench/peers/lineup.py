"""Who is measured, how each is brought here and started, and the machine that they run on."""

import os
import platform
import shutil
import subprocess
import xml.etree.ElementTree as xml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
WORK = os.path.join(ROOT, "target", "bench-peers")
JAR = os.path.join(ROOT, "target", "mnist20k.jar")


class Missing(Exception):
    """A peer that cannot be had here, or no longer; the message is why."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise Missing(f"{os.path.basename(command[0])} failed: {lines[0] if lines else 'without a word'}")
    return done.stdout


def java(tool):
    return os.path.join(run(os.path.join(ROOT, "src/main/sh/jdk.sh"), "javac").strip(), "bin", tool)


def jvm(source, class_path, *flags):
    """The command of a peer in Java, compiled."""
    classes = os.path.join(WORK, source)
    os.makedirs(classes, exist_ok=True)
    run(java("javac"), "-proc:none", "-d", classes, "-cp", class_path,
        os.path.join(HERE, "Peer.java"), os.path.join(HERE, source + ".java"))
    return [java("java"), "--enable-native-access=ALL-UNNAMED", *flags, "-cp", classes + os.pathsep + class_path, source]


def maven(profile, **properties):
    """The class path of a profile of pom.xml."""
    path = os.path.join(WORK, profile + ".classpath")
    run(os.path.join(ROOT, "src/main/sh/maven.sh"), "--quiet", "--file", os.path.join(HERE, "pom.xml"), "-P", profile,
        "dependency:build-classpath", f"-Dmdep.outputFile={path}", *(f"-D{k}={v}" for k, v in properties.items()))
    with open(path) as file:
        return file.read().strip()


def versions():
    properties = xml.parse(os.path.join(HERE, "pom.xml")).getroot().find("{*}properties")
    return {p.tag.split("}")[-1]: p.text for p in properties if isinstance(p.tag, str)}


def native_platform():
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Missing(f"its native library is fetched for Linux on x86-64, and this is {platform.system()} on "
                      f"{platform.machine()}")


def processor():
    """The first processor's lines of /proc/cpuinfo."""
    try:
        with open("/proc/cpuinfo") as lines:
            first = lines.read().split("\n\n")[0]
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}


def machine():
    flags = processor().get("flags", "").split()
    return {"processor": processor().get("model name", platform.processor()), "cores": os.cpu_count(),
            "vectors": [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags],
            "memoryBytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "system": f"{platform.system()} {platform.release()}"}


def mnist20k(options, variant):
    return jvm("Mnist20k", JAR, "--add-modules=jdk.incubator.vector"), "toml", variant


def pytorch(options, variant):
    if not shutil.which(options.python):
        raise Missing(f"there is no {options.python}; --python names the Python that has PyTorch")
    return [options.python, os.path.join(HERE, "pytorch_cpu.py")], "json", variant


def dl4j(options, variant):
    native_platform()
    flags = processor().get("flags", "").split()
    build = "-onednn" + ("-avx512" if "avx512f" in flags else "-avx2" if "avx2" in flags else "")
    command = jvm("Dl4j", maven("dl4j", **{"nd4j.build": build}), "--sun-misc-unsafe-memory-access=allow",
                  "-Dorg.bytedeco.javacpp.cachedir=" + os.path.join(WORK, "javacpp"))
    return command, "txt", f"{versions()['dl4j.version']} (nd4j-native{build})"


def djl(options, variant):
    native_platform()
    return jvm("Djl", maven("djl"), "-Dai.djl.offline=true", "-DDJL_CACHE_DIR=" + os.path.join(WORK, "djl"),
               f"-Dai.djl.pytorch.num_threads={options.threads}"), "txt", variant


# Name, how its command is made, variant, whether it is an extra row: in lower precision, not what ours is held against.
PEERS = [
    ("mnist20k", mnist20k, "fp32", False),
    ("mnist20k, bf16", mnist20k, "bf16", True),
    ("PyTorch, contiguous", pytorch, "contiguous", False),
    ("PyTorch, channels_last", pytorch, "channels_last", False),
    ("PyTorch, compiled, contiguous", pytorch, "contiguous,compile", False),
    ("PyTorch, compiled, channels_last", pytorch, "channels_last,compile", False),
    ("PyTorch, bf16, channels_last", pytorch, "channels_last,bf16", True),
    ("PyTorch, bf16, compiled, channels_last", pytorch, "channels_last,compile,bf16", True),
    ("DL4J", dl4j, "", False),
    ("DJL on PyTorch", djl, "", False),
]
