"""Who is measured, how each is brought here and started, and the machine that they run on."""

import os
import platform
import re
import shlex
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
    """What a command prints."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        plain = re.sub(r"\x1b\[[0-9;]*m| -> \[Help \d\]", "", done.stderr + done.stdout)
        lines = [line for line in plain.splitlines() if line.strip() and not line.startswith("WARNING")]
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
    return [java("java"), *flags, "-cp", classes + os.pathsep + class_path, source]


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
    """With the flags that our launcher gives the JVM."""
    with open(os.path.join(ROOT, "mnist20k")) as launcher:
        flags = re.search(r'^exec "\$java" (.*?) -jar ', launcher.read(), re.MULTILINE | re.DOTALL).group(1)
    return jvm("Mnist20k", JAR, *shlex.split(flags.replace("\\\n", " "))), "toml", variant


def pytorch(options, variant):
    if not shutil.which(options.python):
        raise Missing(f"there is no {options.python}; --python names the Python that has PyTorch")
    return [options.python, os.path.join(HERE, "pytorch_cpu.py")], "json", variant


def dl4j(options, variant):
    """On ND4J's build for the processor. In its builds with oneDNN the layers of this version do not come to use that: they
    are off, and when on look for a class, org.nd4j.nativeblas.Nd4jCpu, that ND4J no longer has."""
    native_platform()
    flags = processor().get("flags", "").split()
    build = "-avx512" if "avx512f" in flags else "-avx2" if "avx2" in flags else ""
    command = jvm("Dl4j", maven("dl4j", **{"nd4j.build": build}), "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-Dorg.bytedeco.javacpp.cachedir=" + os.path.join(WORK, "javacpp"))
    return command, "txt", f"{versions()['dl4j.version']} (nd4j-native{build})"


def djl(options, variant):
    native_platform()
    command = jvm("Djl", maven("djl"), "--enable-native-access=ALL-UNNAMED", "-Dai.djl.offline=true",
                  "-DDJL_CACHE_DIR=" + os.path.join(WORK, "djl"), f"-Dai.djl.pytorch.num_threads={options.threads}")
    return command, "txt", variant


# Name, how its command is made, variant, whether it is an extra row: in lower precision, not what ours is held against.
PEERS = [
    ("mnist20k", mnist20k, "", False),
    ("PyTorch, contiguous", pytorch, "contiguous", False),
    ("PyTorch, channels_last", pytorch, "channels_last", False),
    ("PyTorch, compiled, contiguous", pytorch, "contiguous,compile", False),
    ("PyTorch, compiled, channels_last", pytorch, "channels_last,compile", False),
    ("PyTorch, bf16, channels_last", pytorch, "channels_last,bf16", True),
    ("PyTorch, bf16, compiled, channels_last", pytorch, "channels_last,compile,bf16", True),
    ("DL4J", dl4j, "", False),
    ("DJL on PyTorch", djl, "", False),
]
