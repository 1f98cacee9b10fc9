"""Training speed of the default network beside PyTorch eager: same network, batch and threads, alternating in one run.

    python3 src/bench/pytorch.py [--rounds 5] [--threads N]

Each round trains some epochs of 12,800 images with both, the first epoch of each process not counted (JIT compilation
here, oneDNN's primitives there). PyTorch's images are ready in memory, in contiguous layout (its default) and in
channels-last; ours are gathered and normalised in every step, once undistorted and once distorted as the recipe says.
PyTorch has to be installed for the python that runs this.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGES = 12_800
EPOCHS = 5  # the first is warm-up


def java():
    return subprocess.run([os.path.join(ROOT, "src/main/sh/jdk.sh")], capture_output=True, text=True, check=True).stdout.strip()


def program(*arguments):
    done = subprocess.run([os.path.join(ROOT, "mnist20k"), *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return done.stdout


UNDISTORTED = [f"--set=augmentation.{key}=0" for key in ("rotation", "scale", "shear", "shift")]


def ours(batch, threads, settings):
    """Images a second of each counted epoch, and the loss of the last."""
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, "run")
        program("train", "--device", "cpu", "--limit", str(IMAGES), "--epochs", str(EPOCHS), "--batch", str(batch),
                "--threads", str(threads), "--out", run, "--json", "--quiet", *settings)
        with open(os.path.join(run, "metrics.jsonl")) as lines:
            epochs = [json.loads(line) for line in lines]
    return [e["imagesPerSecond"] for e in epochs[1:]], epochs[-1]["trainLoss"]


def module(network):
    from torch import nn

    layers = []
    for l in network:
        t = l["type"]
        if t == "conv":
            layers.append(nn.Conv2d(l["in"], l["out"], l["kernel"], l["stride"], l["padding"], bias=l["bias"]))
        elif t == "batchnorm":
            layers.append(nn.BatchNorm2d(l["outShape"][0]))
        elif t == "relu":
            layers.append(nn.ReLU(inplace=True))
        elif t == "maxpool":
            layers.append(nn.MaxPool2d(l["kernel"], l["stride"]))
        elif t == "dropout":
            layers.append(nn.Dropout(l["rate"]))
        elif t == "dropout2d":
            layers.append(nn.Dropout2d(l["rate"]))
        elif t == "globalavgpool":
            layers.append(nn.AdaptiveAvgPool2d(1))
        elif t == "globalmaxpool":
            layers.append(nn.AdaptiveMaxPool2d(1))
        elif t == "dense":
            layers += [nn.Flatten(), nn.Linear(l["in"], l["out"], bias=l["bias"])]
    if not any(l["type"] == "dense" for l in network):
        layers.append(nn.Flatten())
    return nn.Sequential(*layers)


def peer(network, batch, threads, layout, images, labels):
    import torch

    torch.manual_seed(1)
    torch.set_num_threads(threads)
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    model = module(network).to(memory_format=memory).train()
    images = images.to(memory_format=memory)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    loss_of = torch.nn.CrossEntropyLoss()
    rates = []
    for _ in range(EPOCHS):
        order = torch.randperm(IMAGES)
        total = 0.0
        start = time.perf_counter()
        for step in range(0, IMAGES, batch):
            chosen = order[step:step + batch]
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        rates.append(IMAGES / (time.perf_counter() - start))
    return rates[1:], total / IMAGES


def dataset():
    import torch

    folder = program("data").splitlines()[0].split(": ")[0]
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        if not os.path.exists(os.path.join(folder, name)):
            sys.exit(f"{folder} has no {name}; run `make data`")
    with open(os.path.join(folder, "train-images-idx3-ubyte"), "rb") as f:
        pixels = torch.frombuffer(bytearray(f.read()[16:16 + IMAGES * 784]), dtype=torch.uint8)
    with open(os.path.join(folder, "train-labels-idx1-ubyte"), "rb") as f:
        labels = torch.frombuffer(bytearray(f.read()[8:8 + IMAGES]), dtype=torch.uint8)
    return (pixels.float().view(IMAGES, 1, 28, 28) / 255 - 0.1307) / 0.3081, labels.long()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=128)
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is missing from this python; install it (Debian: python3-torch, elsewhere: pip install torch)")
    summary = json.loads(program("summary", "--json"))
    images, labels = dataset()
    peak = float(subprocess.run(
        [java() + "/bin/java", "--add-modules", "jdk.incubator.vector", os.path.join(ROOT, "src/bench/Peak.java"),
         str(options.threads)], capture_output=True, text=True, check=True).stdout.split()[-1])
    print(f"default network: {summary['parameters']} parameters, {summary['multiplyAdds']} multiply-adds an image; "
          f"batch {options.batch}, {options.threads} threads, PyTorch {torch.__version__}; "
          f"measured peak {peak:.0f} GFLOP/s")
    rates = {"mnist20k": [], "mnist20k, distorted": [], "PyTorch contiguous": [], "PyTorch channels_last": []}
    losses = {}
    for round_number in range(options.rounds):
        measured = {
            "mnist20k": ours(options.batch, options.threads, UNDISTORTED),
            "mnist20k, distorted": ours(options.batch, options.threads, []),
        }
        for layout in ("contiguous", "channels_last"):
            measured["PyTorch " + layout] = peer(
                summary["network"], options.batch, options.threads, layout, images, labels)
        for name, (rate, loss) in measured.items():
            rates[name].append(statistics.median(rate))
            losses[name] = loss
        print(f"round {round_number + 1}: " + ", ".join(f"{n} {v[-1]:.0f}" for n, v in rates.items()) + " images/s")
    # Forward, weight gradient, and data gradient but for the first layer's: nothing before it learns.
    multiply_adds = 3 * summary["multiplyAdds"] - next(
        layer["multiplyAdds"] for layer in summary["network"] if layer["multiplyAdds"])
    print("\n| | images/s, median | least..most | GFLOP/s | share of peak | last loss |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, values in rates.items():
        median = statistics.median(values)
        gflops = median * 2 * multiply_adds * 1e-9
        print(f"| {name} | {median:.0f} | {min(values):.0f}..{max(values):.0f} | {gflops:.1f} | {gflops / peak:.0%} | {losses[name]:.3f} |")
    print()
    for layout in ("contiguous", "channels_last"):
        ratios = [a / b for a, b in zip(rates["mnist20k"], rates["PyTorch " + layout])]
        print(f"mnist20k / PyTorch {layout}: {statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})")


if __name__ == "__main__":
    main()
