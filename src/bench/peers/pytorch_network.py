"""A network of ours in PyTorch."""


def module(network):
    """The layers that `mnist20k summary --json` lists, as a torch.nn.Sequential that ends in class scores."""
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
