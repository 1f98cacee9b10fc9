"""How the speed of the CPU engine grows with threads, batch and network: into docs/results, numbers and a plot.

    python3 src/bench/scaling.py [--passes 3] [--rounds 3] [--seconds 1] [--recipe NAME|FILE] [--out DIR]

One thing is changed at a time, starting from all processors, batches of 128 and the recipe's network. Every point is
measured once a pass, so that what else the machine does falls on all of them; the median of the passes counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

import plot

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BATCH = 128
BATCHES = [32, 64, 128, 256, 512, 1024]
WIDTHS = [0.5, 1, 2, 4]


def program(*arguments):
    done = subprocess.run([os.path.join(ROOT, "mnist20k"), *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return json.loads(done.stdout)


def thread_counts(processors):
    """Powers of two, and all."""
    return sorted({2**i for i in range(processors.bit_length()) if 2**i <= processors} | {processors})


def widened(network, factor):
    """Settings that multiply the channels of all layers but the last that has any, which makes the classes."""
    learning = [i for i, layer in enumerate(network) if layer["multiplyAdds"]]
    return [f"--set=network.{i}.out={max(1, round(factor * network[i]['out']))}" for i in learning[:-1]]


def points(recipe, processors):
    network = program("summary", "--recipe", recipe, "--json")["network"]
    base = {"threads": processors, "batch": BATCH, "width": 1}
    wanted = [base | {"threads": n} for n in thread_counts(processors)]
    wanted += [base | {"batch": n} for n in BATCHES]
    wanted += [base | {"width": n} for n in WIDTHS]
    different = [p for i, p in enumerate(wanted) if p not in wanted[:i]]
    return [(p, widened(network, p["width"]) if p["width"] != 1 else []) for p in different]


def measure(options, point, settings):
    return program("bench", "--device", "cpu", "--recipe", options.recipe, "--json",
                   "--threads", str(point["threads"]), "--batch", str(point["batch"]),
                   "--rounds", str(options.rounds), "--seconds", str(options.seconds), *settings)


def summed_up(point, answers):
    found = dict(point, parameters=answers[0]["parameters"])
    for what in ("training", "inference"):
        rates = [answer[what]["imagesPerSecond"] for answer in answers]
        found[what] = {
            "multiplyAdds": answers[0][what]["multiplyAdds"],
            "imagesPerSecond": statistics.median(rates),
            "leastImagesPerSecond": min(rates),
            "mostImagesPerSecond": max(rates),
            "nominalGflops": statistics.median(answer[what]["nominalGflops"] for answer in answers),
            "shareOfPeak": statistics.median(answer[what]["shareOfPeak"] for answer in answers),
        }
    return found


def drawn(results):
    processors = results["threads"]

    def panel(title, unit, key, x, **scales):
        base = {"threads": processors, "batch": BATCH, "width": 1}
        chosen = sorted((p for p in results["points"] if all(p[k] == base[k] for k in base if k != key)), key=x)
        lines = {what: [(x(p), *(p[what][k] for k in ("imagesPerSecond", "leastImagesPerSecond", "mostImagesPerSecond")))
                        for p in chosen] for what in ("inference", "training")}
        return plot.Panel(title, unit, lines, **scales)

    return plot.svg(f"images/s of the recipe {results['recipe']}", [
        panel("threads", f"batch {BATCH}", "threads", lambda p: p["threads"], log_y=False),
        panel("images a batch", f"{processors} threads", "batch", lambda p: p["batch"], log_y=False),
        panel("multiply-adds an image, forward", f"batch {BATCH}, {processors} threads", "width",
              lambda p: p["inference"]["multiplyAdds"], log_y=True),
    ])


def write(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs/results"))
    options = parser.parse_args()
    processors = len(os.sched_getaffinity(0))
    wanted = points(options.recipe, processors)
    answers = [[] for _ in wanted]
    for number in range(options.passes):
        for (point, settings), found in zip(wanted, answers):
            found.append(measure(options, point, settings))
            print(f"pass {number + 1} of {options.passes}: "
                  + ", ".join(f"{key} {value}" for key, value in point.items())
                  + f": {found[-1]['training']['imagesPerSecond']:.0f} images/s training, "
                  f"{found[-1]['inference']['imagesPerSecond']:.0f} inference", file=sys.stderr)
    first = answers[0][0]
    results = {
        "deviceName": first["deviceName"].split(",")[0],
        "java": first["java"],
        "threads": processors,
        "recipe": first["recipe"],
        "passes": options.passes,
        "rounds": options.rounds,
        "secondsPerRound": options.seconds,
        "peakGflops": max(a["roofline"]["peakGflops"] for each in answers for a in each if a["threads"] == processors),
        "points": [summed_up(point, found) for (point, _), found in zip(wanted, answers)],
    }
    os.makedirs(options.out, exist_ok=True)
    write(os.path.join(options.out, "cpu-scaling.json"), json.dumps(results, indent=2) + "\n")
    write(os.path.join(options.out, "cpu-scaling.svg"), drawn(results))


if __name__ == "__main__":
    main()
