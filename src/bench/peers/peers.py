#!/usr/bin/env python3
"""The CPU engine beside its peers: the same networks, images, batch and threads, in turns, in one run.

    make bench-peers [ARGS="--python VENV/bin/python --rounds 5 --only mnist20k --only PyTorch"]

The peers (lineup.py): PyTorch, from the Python that --python or MNIST20K_PYTHON names (pip install torch --index-url
https://download.pytorch.org/whl/cpu), Deeplearning4j and DJL, which Maven fetches (0.3 GB the first time). One that is
not there is named as missing.

Every peer is a process of its own that holds the same MNIST images as bytes. It says what it is in a line of JSON; then
each line of its standard input, `train` or `infer`, is a turn: an epoch in a new order, or the scores of the test
images, batch by batch. It answers with a line: images a second and the epoch's mean loss or the accuracy. Between its
turns a process is stopped (SIGSTOP), so that none takes time from another. The first turns, in which code is compiled,
do not count.
"""

import argparse
import datetime
import gzip
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

import report
from lineup import HERE, PEERS, ROOT, WORK, Missing, machine, run

PAGE = os.path.join(ROOT, "docs", "PERFORMANCE.md")
RESULTS = os.path.join(ROOT, "docs", "results", "cpu-peers.json")
NETWORKS = {"conv16": os.path.join(HERE, "conv16.toml"), "default": "default"}
LEARNING_RATE = 0.003
WARM_UP = 3  # turns of each kind
LONGEST_TURN = 3600  # seconds


class Process:
    """A peer at work, stopped between its turns."""

    def __init__(self, name, command, threads):
        self.log = os.path.join(WORK, "".join(c if c.isalnum() else "-" for c in name) + ".log")
        environment = dict(
            os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads),
            TORCHINDUCTOR_COMPILE_THREADS="1", TORCHINDUCTOR_CACHE_DIR=os.path.join(WORK, "inductor"))
        with open(self.log, "w") as log:
            # A group of its own, to be stopped as a whole, in our session: should we die, the system wakes and ends it.
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            text=True, env=environment, preexec_fn=os.setpgrp)
        try:
            self.version = self.answer()["version"]
        except Missing:
            self.end()
            raise

    def turn(self, question):
        self.signal(signal.SIGCONT)
        try:
            self.process.stdin.write(question + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer says why
        return self.answer()

    def answer(self):
        watch = threading.Timer(LONGEST_TURN, self.signal, [signal.SIGKILL])
        watch.start()
        try:
            line = self.process.stdout.readline()
        finally:
            watch.cancel()  # Python waits for it before it ends
        if not line:
            with open(self.log) as log:
                last = (log.read().strip().splitlines() or ["it said nothing"])[-1]
            raise Missing(f"it ended with exit code {self.process.wait()}: {last}")
        self.signal(signal.SIGSTOP)
        answer = json.loads(line)
        if "missing" in answer or "error" in answer:
            raise Missing(answer.get("missing") or answer["error"])
        return answer

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def peak_bytes(self):
        """The most memory that was resident at a time, where the system says (Linux)."""
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
        except (OSError, StopIteration):
            return None

    def end(self):
        self.signal(signal.SIGKILL)
        try:
            self.process.communicate()
        except BrokenPipeError:
            pass  # it ended before it had read all


class Contest:
    """One network, everybody in turns."""

    def __init__(self, name, summary, options):
        self.name, self.summary, self.options = name, summary, options
        self.processes, self.measured, self.missing = {}, {}, {}

    def start(self, folder):
        for name, make, variant, extra in PEERS:
            if not wanted(name, self.options.only):
                continue
            say(f"{self.name}: starting and warming up {name}")
            try:
                command, form, variant = make(self.options, variant)
                network = NETWORKS[self.name] if form == "toml" else os.path.join(folder, f"{self.name}.{form}")
                process = Process(name, [*command, network, folder, str(self.options.batch), str(self.options.threads),
                                         str(LEARNING_RATE), variant], self.options.threads)
            except Missing as reason:
                self.leave(name, reason)
                continue
            self.processes[name] = process
            self.measured[name] = {"name": name, "version": process.version, "extra": extra, "training": [],
                                   "inference": [], "losses": [], "accuracy": None, "peakBytes": None}
            for _ in range(WARM_UP):
                self.turn(name, counts=False)

    def turn(self, name, counts):
        if name not in self.processes:
            return
        process, measured = self.processes[name], self.measured[name]
        try:
            trained, inferred = process.turn("train"), process.turn("infer")
        except Missing as reason:
            self.processes.pop(name).end()
            del self.measured[name]
            self.leave(name, reason)
            return
        measured["losses"].append(float(trained["loss"]))
        measured["accuracy"] = inferred["accuracy"]
        measured["peakBytes"] = process.peak_bytes()
        if counts:
            measured["training"].append(trained["imagesPerSecond"])
            measured["inference"].append(inferred["imagesPerSecond"])

    def leave(self, name, reason):
        if name == "mnist20k":
            raise Missing(f"ours cannot be measured: {reason}")
        self.missing[name] = str(reason)

    def rounds(self):
        for number in range(self.options.rounds):
            names = list(self.processes)
            first = number % len(names)
            for name in names[first:] + names[:first]:
                self.turn(name, counts=True)
            say(f"{self.name}: round {number + 1} of {self.options.rounds}, images/s of training and inference:")
            for name, measured in self.measured.items():
                say(f"  {measured['training'][-1]:8.0f} {measured['inference'][-1]:8.0f}  {name}")

    def end(self):
        for process in self.processes.values():
            process.end()

    def result(self):
        peers = list(self.measured.values())
        report.judge(peers)
        return {"name": self.name, "parameters": self.summary["parameters"], "multiplyAdds": self.summary["multiplyAdds"],
                "peers": peers, "missing": [{"name": n, "reason": r} for n, r in self.missing.items()]}


def wanted(name, only):
    return not only or name == "mnist20k" or any(part.lower() in name.lower() for part in only)


def say(line):
    print(line, file=sys.stderr, flush=True)


def program(*arguments):
    return run(os.path.join(ROOT, "mnist20k"), *arguments)


def write_networks(folder):
    """Each network as the peers read it; what `summary --json` says of each."""
    settings = ("in", "out", "kernel", "stride", "padding", "bias", "rate")
    summaries = {}
    for name, recipe in NETWORKS.items():
        text = program("summary", "--recipe", recipe, "--json")
        summaries[name] = json.loads(text)
        with open(os.path.join(folder, name + ".json"), "w") as file:
            file.write(text)
        with open(os.path.join(folder, name + ".txt"), "w") as file:
            for layer in summaries[name]["network"]:
                words = [f"{key}={str(layer[key]).lower()}" for key in settings if key in layer]
                file.write(" ".join([layer["type"], *words]) + "\n")
    return summaries


def write_images(folder, options):
    """The first images of the dataset, whole batches of them, as raw bytes."""
    source = options.data or program("data").splitlines()[0].split(": ")[0]
    counts = []
    for name, stem, most in (("train", "train", options.images), ("test", "t10k", min(options.images, 10_000))):
        labels = read(source, stem + "-labels-idx1-ubyte")[8:]
        count = min(most, len(labels)) // options.batch * options.batch
        if not count:
            raise Missing(f"there are fewer images than the {options.batch} of a batch; lower --batch or raise --images")
        counts.append(count)
        for kind, content in (("labels", labels[:count]),
                              ("pixels", read(source, stem + "-images-idx3-ubyte")[16:16 + count * 784])):
            with open(os.path.join(folder, f"{name}.{kind}"), "wb") as file:
                file.write(content)
    return counts


def read(folder, name):
    for path, opener in ((os.path.join(folder, name), open), (os.path.join(folder, name + ".gz"), gzip.open)):
        if os.path.exists(path):
            with opener(path, "rb") as file:
                return file.read()
    raise Missing(f"{folder} has no {name}; run make data, or name another folder with --data")


def commit():
    try:
        return run("git", "-C", ROOT, "describe", "--always", "--dirty").strip()
    except (Missing, FileNotFoundError):
        return "unknown"  # sources without their history


def measure(options):
    os.makedirs(WORK, exist_ok=True)
    of = commit()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        summaries = write_networks(folder)
        images, test_images = write_images(folder, options)
        networks = []
        for name in options.network or NETWORKS:
            contest = Contest(name, summaries[name], options)
            try:
                contest.start(folder)
                contest.rounds()
                networks.append(contest.result())
            finally:
                contest.end()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": "make bench-peers" + (f' ARGS="{shlex.join(without_python(sys.argv[1:]))}"' if sys.argv[1:] else ""),
        "seconds": round(time.monotonic() - started),
        "commit": of,
        "machine": machine(),
        "settings": {"batch": options.batch, "threads": options.threads, "images": images, "testImages": test_images,
                     "warmUp": WARM_UP, "rounds": options.rounds, "learningRate": LEARNING_RATE},
        "networks": networks,
    }


def without_python(arguments):
    """Where somebody keeps a Python is nobody else's affair."""
    return ["python3" if i and arguments[i - 1] == "--python" else a for i, a in enumerate(arguments)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every peer; else all")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--images", type=int, default=12_800, help="of an epoch; inference takes up to 10,000")
    parser.add_argument("--network", action="append", choices=NETWORKS, help="only this one; may be repeated")
    parser.add_argument("--only", action="append", metavar="WORD",
                        help="ours and only peers with this in their name; may be repeated")
    parser.add_argument("--python", default=os.environ.get("MNIST20K_PYTHON", "python3"),
                        help="the Python that has PyTorch")
    parser.add_argument("--data", help="the folder of MNIST's files; else the program's own")
    parser.add_argument("--out", default=RESULTS, help="the JSON to write; its usual place also makes "
                        "the section of docs/PERFORMANCE.md")
    parser.add_argument("--page", action="store_true", help="measure nothing: make that section of --out again")
    options = parser.parse_args()
    try:
        if options.page:
            with open(options.out) as file:
                report.write_section(PAGE, json.load(file))
            return
        result = measure(options)
    except Missing as reason:
        sys.exit(f"bench-peers: {reason}")
    print(report.section(result))
    os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
    with open(options.out + ".part", "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    os.replace(options.out + ".part", options.out)
    if options.out == RESULTS:
        report.write_section(PAGE, result)
    say(f"bench-peers: written to {options.out}")


if __name__ == "__main__":
    main()
