"""PyTorch on the CPU as a peer of ours; peers.py starts it and describes the conversation.

    pytorch_cpu.py NETWORK DATA BATCH THREADS LEARNING_RATE VARIANT

NETWORK is what `mnist20k summary --json` prints. VARIANT is words with a comma between: contiguous or channels_last,
and compile (torch.compile) and bf16 (autocast) where they are wanted.
"""

import json
import os
import sys
import time

from pytorch_network import module

MEAN, DEVIATION = 0.1307, 0.3081  # of MNIST's training images, between 0 and 1

# Standard output belongs to the conversation; what else is printed goes to standard error.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def say(**answer):
    print(json.dumps(answer), file=answers, flush=True)


class Peer:
    def __init__(self, torch, network, data, batch, learning_rate, variant):
        self.torch, self.batch = torch, batch
        torch.manual_seed(1)
        self.layout = torch.channels_last if "channels_last" in variant else torch.contiguous_format
        self.precision = torch.autocast("cpu", torch.bfloat16, enabled="bf16" in variant)
        model = module(network)
        for layer in model:
            if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
                torch.nn.init.kaiming_normal_(layer.weight)
                if layer.bias is not None:
                    torch.nn.init.zeros_(layer.bias)
        model = model.to(memory_format=self.layout)
        self.model = torch.compile(model) if "compile" in variant else model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
        self.loss_of = torch.nn.CrossEntropyLoss()
        self.train_pixels, self.train_labels = self.read(os.path.join(data, "train"))
        self.test_pixels, self.test_labels = self.read(os.path.join(data, "test"))

    def read(self, stem):
        def tensor(name):
            with open(name, "rb") as file:
                return self.torch.frombuffer(bytearray(file.read()), dtype=self.torch.uint8)

        return tensor(stem + ".pixels").view(-1, 1, 28, 28), tensor(stem + ".labels").long()

    def images(self, pixels):
        return pixels.float().div_(255).sub_(MEAN).div_(DEVIATION).contiguous(memory_format=self.layout)

    def train(self):
        torch = self.torch
        self.model.train()
        count = len(self.train_labels)
        order = torch.randperm(count)
        total = 0.0
        start = time.perf_counter()
        for step in range(0, count, self.batch):
            chosen = order[step:step + self.batch]
            self.optimizer.zero_grad(set_to_none=True)
            with self.precision:
                scores = self.model(self.images(self.train_pixels[chosen]))
            loss = self.loss_of(scores.float(), self.train_labels[chosen])
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(chosen)
        seconds = time.perf_counter() - start
        say(imagesPerSecond=count / seconds, loss=total / count)

    def infer(self):
        torch = self.torch
        self.model.eval()
        count = len(self.test_labels)
        scores = []
        start = time.perf_counter()
        with torch.inference_mode(), self.precision:
            for step in range(0, count, self.batch):
                scores.append(self.model(self.images(self.test_pixels[step:step + self.batch])).float())
        seconds = time.perf_counter() - start
        right = (torch.cat(scores).argmax(1) == self.test_labels).sum().item()
        say(imagesPerSecond=count / seconds, accuracy=right / count)


def main():
    network, data, batch, threads, learning_rate, variant = sys.argv[1:]
    try:
        import torch
    except ImportError:
        say(missing="PyTorch is not installed for this Python: pip install torch "
                    "--index-url https://download.pytorch.org/whl/cpu")
        return
    torch.set_num_threads(int(threads))
    with open(network) as file:
        layers = json.load(file)["network"]
    peer = Peer(torch, layers, data, int(batch), float(learning_rate), variant.split(","))
    say(version=f"PyTorch {torch.__version__}, Python {sys.version.split()[0]}")
    for line in sys.stdin:
        try:
            {"train": peer.train, "infer": peer.infer}[line.strip()]()
        except Exception as failure:  # what this PyTorch cannot do, such as compile without a compiler
            message = str(failure).split("Set TORCHDYNAMO_VERBOSE")[0]
            lines = [line.strip() for line in message.splitlines() if line.strip()]
            say(error=f"{type(failure).__name__}: {' '.join(lines[:2])}")


if __name__ == "__main__":
    main()
