"""Prints the literals of ReferenceGoldenTest: PyTorch training the same network on the same data, in double.

    python3 src/test/python/goldens.py        (PyTorch 2, CPU)
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
BATCH, IMAGES, STEPS = 4, 10, 3
RATES = [0.05, 0.04, 0.03]
MEAN, DEVIATION = 0.5, 0.25


def pixel(n, i):
    return (31 * i + 17 * n + i * i % 29 * (n + 1)) % 256


def images(count):
    raw = torch.tensor([[pixel(n, i) for i in range(784)] for n in range(count)], dtype=torch.float64)
    return ((raw / 255 - MEAN) / DEVIATION).reshape(count, 1, 28, 28)


LABELS = torch.tensor([3 * n % 10 for n in range(IMAGES)])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3, stride=2, padding=1, bias=True)
        self.batchnorm1 = nn.BatchNorm2d(3, eps=0.001, momentum=0.3)
        self.conv2 = nn.Conv2d(3, 4, 2, bias=False)
        self.batchnorm2 = nn.BatchNorm2d(4, eps=0.001, momentum=0.3)
        self.dense1 = nn.Linear(4 * 5 * 5, 10)
        state = torch.cat([p.flatten() for p in self.parameters()])
        values = [((i * 37) % 101 - 50) / 128 for i in range(len(state))]
        torch.nn.utils.vector_to_parameters(torch.tensor(values), self.parameters())

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.batchnorm1(self.conv1(x))), 3, 2)
        x = F.relu(self.batchnorm2(self.conv2(x)))
        return self.dense1(x.flatten(1))


def numbers(net):
    """Parameters, then running means and variances, in the network's order."""
    parameters = torch.nn.utils.parameters_to_vector(net.parameters()).detach()
    norms = [net.batchnorm1, net.batchnorm2]
    statistics = torch.cat([t for b in norms for t in (b.running_mean, b.running_var)])
    return parameters, statistics


def literal(name, values):
    print(f"    private static final double[] {name} = {{{', '.join(f'{float(v):.12g}' for v in values)}}};")


def run(name, optimizer_of):
    net = Net()
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    optimizer = optimizer_of(weights, others)
    x = images(IMAGES)
    average = [t.clone() for t in numbers(net)]
    losses = []
    for step in range(STEPS):
        chosen = slice(step * BATCH, min((step + 1) * BATCH, IMAGES))
        for group in optimizer.param_groups:
            group["lr"] = RATES[step]
        loss = F.cross_entropy(net(x[chosen]), LABELS[chosen], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item() * len(LABELS[chosen]))
        t = step + 1
        d = min(0.9, (1 + t) / (10 + t))
        average = [d * a + (1 - d) * v for a, v in zip(average, numbers(net))]
    parameters, statistics = numbers(net)
    torch.nn.utils.vector_to_parameters(average[0], net.parameters())
    at = 0
    for norm in (net.batchnorm1, net.batchnorm2):
        for buffer in (norm.running_mean, norm.running_var):
            buffer.copy_(average[1][at : at + len(buffer)])
            at += len(buffer)
    net.eval()
    literal(f"{name}_LOSS_SUMS", losses)
    literal(f"{name}_PARAMETERS", parameters[::97])
    literal(f"{name}_STATISTICS", statistics)
    literal(f"{name}_LOGITS", net(x[:2]).flatten().tolist())


run("SGD", lambda w, o: torch.optim.SGD(
    [{"params": w, "weight_decay": 0.02}, {"params": o, "weight_decay": 0}], lr=1, momentum=0.9, nesterov=True))
run("ADAMW", lambda w, o: torch.optim.AdamW(
    [{"params": w, "weight_decay": 0.3}, {"params": o, "weight_decay": 0}], lr=1, betas=(0.8, 0.95), eps=0.01))


class Muon:
    """torch.optim.Muon on the kernels of convolutions, a row an output channel; AdamW on all else."""

    def __init__(self, weights, others):
        kernels = [p for p in weights if p.dim() == 4]
        self.pairs = [(p, nn.Parameter(p.detach().flatten(1))) for p in kernels]
        muon = torch.optim.Muon([q for _, q in self.pairs], lr=1, weight_decay=0.3, momentum=0.9, nesterov=True, eps=1e-12,
                                ns_steps=5, ns_coefficients=(3.4445, -4.775, 2.0315), adjust_lr_fn="match_rms_adamw")
        rest = torch.optim.AdamW([{"params": [p for p in weights if p.dim() < 4], "weight_decay": 0.3},
                                  {"params": others, "weight_decay": 0}], lr=1, betas=(0.8, 0.95), eps=0.01)
        self.optimizers = [muon, rest]
        self.param_groups = muon.param_groups + rest.param_groups

    def zero_grad(self):
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        for p, _ in self.pairs:
            p.grad = None

    def step(self):
        for p, q in self.pairs:
            q.grad = p.grad.flatten(1)
        for optimizer in self.optimizers:
            optimizer.step()


# PyTorch iterates in bfloat16, whatever the parameters are; here in double, like all else.
torch.Tensor.bfloat16 = lambda tensor: tensor
run("MUON", Muon)
