"""The generated sections of docs/PERFORMANCE.md, written from docs/results.

    python3 src/bench/page.py [--measure [--recipe NAME|FILE]…] [OPTION OF BENCH]…

With --measure each recipe's layers are measured first; without, what was measured before is written.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESULTS = os.path.join(ROOT, "docs/results")
PAGE = os.path.join(ROOT, "docs/PERFORMANCE.md")
RECIPES = ["default", os.path.join(ROOT, "src/bench/peers/conv16.toml")]  # the networks that the peers train too


def write(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)


def measure(recipe, more):
    print(f"measuring the layers of {recipe}", file=sys.stderr)
    done = subprocess.run([os.path.join(ROOT, "mnist20k"), "bench", "--layers", "--json", "--recipe", recipe, *more],
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    answer = json.loads(done.stdout)
    os.makedirs(RESULTS, exist_ok=True)
    write(os.path.join(RESULTS, f"cpu-layers-{answer['recipe']}.json"), json.dumps(answer, indent=2) + "\n")


def read(path):
    with open(path) as file:
        return json.load(file)


def table(head, rows):
    """Columns whose heading begins with < hold text."""
    lines = ["| " + " | ".join(h.lstrip("<") for h in head) + " |",
             "| " + " | ".join("---" if h.startswith("<") else "---:" for h in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def layer_row(layer):
    multiplies, moves = layer["multiplyAdds"] > 0, layer["bytes"] > 0
    return [" + ".join(layer["layers"]), layer["pass"], f"{layer['nanosPerImage']:,.0f}", f"{layer['shareOfTime']:.1%}",
            f"{layer['nominalGflops']:.1f}" if multiplies else "", f"{layer['shareOfPeak']:.0%}" if multiplies else "",
            f"{layer['bytes']:,}" if moves else "", f"{layer['gigabytesPerSecond']:.1f}" if moves else ""]


def pass_rows(layers):
    """The passes in the order in which a step comes to them, over all layers."""
    for name in dict.fromkeys(layer["pass"] for layer in layers):
        of_pass = [layer for layer in layers if layer["pass"] == name]
        nanos = sum(layer["nanosPerImage"] for layer in of_pass)
        yield [name, f"{nanos:,.0f}", f"{sum(layer['shareOfTime'] for layer in of_pass):.1%}"]


def layers_section(answer):
    limits, layers = answer["roofline"], answer["layers"]
    speeds = table(["<", "images/s", "least..most", "nominal GFLOP/s", "share of peak"], [
        [what, f"{answer[what]['imagesPerSecond']:,.0f}",
         f"{answer[what]['leastImagesPerSecond']:,.0f}..{answer[what]['mostImagesPerSecond']:,.0f}",
         f"{answer[what]['nominalGflops']:.1f}", f"{answer[what]['shareOfPeak']:.0%}"] for what in ("training", "inference")])
    return f"""### Recipe {answer['recipe']}

{answer['parameters']:,} parameters, batches of {answer['batch']}, {answer['deviceName']}, Java {answer['java']}; \
{answer['rounds']} rounds of {answer['secondsPerRound']:g} s. Measured peak {limits['peakGflops']:.1f} GFLOP/s, \
{limits['cacheGigabytesPerSecond']:.1f} GB/s within caches, {limits['memoryGigabytesPerSecond']:.1f} GB/s through memory.

{speeds}

{table(["<pass of a training step", "ns an image", "of the time"], pass_rows(layers))}

<details><summary>every layer and pass</summary>

{table(["<layer", "<pass", "ns an image", "of the time", "nominal GFLOP/s", "share of peak", "bytes", "GB/s"],
       map(layer_row, layers))}

</details>"""


def scaling_section(results):
    rows = []
    for point in results["points"]:
        training, inference = point["training"], point["inference"]
        rows.append([f"{point['threads']}", f"{point['batch']}", f"× {point['width']:g}", f"{inference['multiplyAdds']:,}",
                     f"{training['imagesPerSecond']:,.0f}", f"{training['shareOfPeak']:.0%}",
                     f"{inference['imagesPerSecond']:,.0f}", f"{inference['shareOfPeak']:.0%}"])
    return f"""Recipe {results['recipe']}, {results['deviceName']}, Java {results['java']}; {results['passes']} \
time(s) over all points, of which medians count and bars show the least and the most. Shares are nominal GFLOP/s over the peak of the same number of threads.

![images/s against threads, batch and multiply-adds](results/cpu-scaling.svg)

{table(["threads", "batch", "channels", "multiply-adds an image, forward", "training, images/s", "share of peak",
        "inference, images/s", "share of peak"], rows)}"""


def section(page, name, text):
    """Replaces what is between the two comments of a section."""
    pattern = rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)"
    page, found = re.subn(pattern, lambda m: m[1] + (f"\n{text}\n\n" if text else "") + m[2], page, flags=re.DOTALL)
    if found != 1:
        sys.exit(f"{PAGE} has to have one section <!-- {name}: … --> … <!-- end of {name} -->")
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--recipe", action="append")
    options, more = parser.parse_known_args()
    if options.measure:
        for recipe in options.recipe or RECIPES:
            measure(recipe, more)
    measured = [read(path) for path in sorted(glob.glob(os.path.join(RESULTS, "cpu-layers-*.json")))]
    scaling = os.path.join(RESULTS, "cpu-scaling.json")
    with open(PAGE) as file:
        page = file.read()
    page = section(page, "layers", "\n\n".join(layers_section(answer) for answer in measured))
    page = section(page, "scaling", scaling_section(read(scaling)) if os.path.exists(scaling) else "")
    write(PAGE, page)


if __name__ == "__main__":
    main()
