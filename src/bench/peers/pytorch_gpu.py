"""Training speed of the default network in PyTorch on a GPU, asked for a variant at a time.

    pytorch_gpu.py NETWORK DATA     NETWORK: what `mnist20k summary --json` prints; DATA: the folder of the IDX files

Says what it is in one line of JSON, then reads the name of a variant from each line of standard input (eager, compile,
graphs, compile+graphs) and answers with a line: images a second, median of the epochs after the first. Everything stays on
the GPU: images as ready floats, their order, the loss. No distortion, single precision without TF32, as ours.
"""

import gzip
import json
import os
import statistics
import sys
import time

from pytorch_network import module

BATCH = 128
EPOCHS = 4  # of each question; the first is warm-up


def say(**answer):
    print(json.dumps(answer), flush=True)


class Training:
    def __init__(self, torch, network, images, labels, variant):
        self.torch, self.images, self.labels = torch, images, labels
        torch.manual_seed(1)
        model = module(network).cuda().train()
        if variant == "compile":
            model = torch.compile(model)
        elif variant == "compile+graphs":
            model = torch.compile(model, mode="reduce-overhead")
        self.model = model
        graphed = variant == "graphs"
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, fused=True, capturable=graphed)
        self.loss_of = torch.nn.CrossEntropyLoss()
        self.chosen = torch.zeros(BATCH, dtype=torch.long, device="cuda")
        self.total = torch.zeros((), device="cuda")
        self.step = self.captured() if graphed else self.eager

    def eager(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss_of(self.model(self.images[self.chosen]), self.labels[self.chosen])
        loss.backward()
        self.optimizer.step()
        self.total += loss.detach()

    def captured(self):
        torch = self.torch
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.eager()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.eager()
        return graph.replay

    def images_per_second(self):
        torch, steps = self.torch, len(self.images) // BATCH
        rates = []
        for _ in range(EPOCHS):
            torch.cuda.synchronize()
            start = time.perf_counter()
            order = torch.randperm(len(self.images), device="cuda")
            for step in range(steps):
                self.chosen.copy_(order[step * BATCH:(step + 1) * BATCH])
                self.step()
            torch.cuda.synchronize()
            rates.append(steps * BATCH / (time.perf_counter() - start))
        if not torch.isfinite(self.total):
            raise ArithmeticError("the loss is not finite")
        return statistics.median(rates[1:])


def dataset(torch, folder):
    def read(name, header):
        path = os.path.join(folder, name)
        with open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz") as file:
            return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)

    labels = read("train-labels-idx1-ubyte", 8).long().cuda()
    pixels = read("train-images-idx3-ubyte", 16).float().view(len(labels), 1, 28, 28).cuda()
    return (pixels / 255 - 0.1307) / 0.3081, labels


def main():
    network_file, folder = sys.argv[1:]
    try:
        import torch
    except (ImportError, OSError) as failure:  # not there, or without a library that it needs
        say(missing=f"PyTorch is missing from this python3 ({failure}); install it with CUDA: pip install torch")
        return
    if not torch.cuda.is_available():
        say(missing=f"PyTorch {torch.__version__} finds no GPU; install its CUDA build: pip install torch")
        return
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    with open(network_file) as file:
        network = json.load(file)["network"]
    images, labels = dataset(torch, folder)
    say(version=f"{torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")
    trainings = {}  # what a variant has compiled serves it in later rounds too
    for line in sys.stdin:
        variant = line.strip()
        try:
            if variant not in trainings:
                trainings[variant] = Training(torch, network, images, labels, variant)
            say(imagesPerSecond=trainings[variant].images_per_second())
        except Exception as failure:  # a variant that this PyTorch cannot run leaves the others alone
            say(error=f"{type(failure).__name__}: {str(failure).splitlines()[0] if str(failure) else ''}")


if __name__ == "__main__":
    main()
