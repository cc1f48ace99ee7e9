"""
Small and deep beats large and shallow at equal cost
====================================================

Two networks see 5×5 pixels and multiply equally often: one 5×5 layer, or two 3×3 layers with a ReLU between.
Where the rule has two steps, the deep one learns it, and an eightfold cost does not bring the shallow one
there.
"""

# %%
# The rule: differences along the rows, their absolute value, differences of that down the columns, absolute
# again. It has 5×5 pixels in view.
import matplotlib.pyplot as plt
import torch
from torch import nn

from convbook import cost, drawing

along = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]) / 12**0.5


def data(images, seed):
    """Noise, and what the rule makes of it, scaled to mean 0 and variance 1."""
    X = torch.randn(images, 1, 20, 20, generator=torch.Generator().manual_seed(seed))
    Y = X
    for kernel in (along, along.T):
        Y = nn.functional.conv2d(Y, kernel[None, None]).abs()
    return X, (Y - Y.mean()) / Y.std()


def shallow(width):
    return nn.Sequential(nn.Conv2d(1, width, 5), nn.ReLU(), nn.Conv2d(width, 1, 1))


def deep(width):
    return nn.Sequential(
        nn.Conv2d(1, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU(), nn.Conv2d(width, 1, 1)
    )


def multiplications(network):
    """Sum the layers' costs for one 20×20 image."""
    size, total = 20, 0
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            total += cost(size, layer.kernel_size, layer.in_channels, layer.out_channels).multiply_adds
            size -= layer.kernel_size[0] - 1
    return total


def error_after_training(build, width, seed):
    """Train for 300 steps, and return the share of the variance of new data that is left unexplained."""
    torch.manual_seed(seed)
    network, (X, Y) = build(width), data(256, seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(300):
        some = torch.randint(0, 256, (8,))
        loss = (network(X[some]) - Y[some]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    X, Y = data(64, seed=99)
    with torch.no_grad():
        return (network(X) - Y).square().mean().item()


# %%
# Three starts each, for a training can get stuck.
tried = {"one 5×5 layer": (shallow, (8, 64)), "two 3×3 layers": (deep, (4, 8))}
results = {}
for name, (build, widths) in tried.items():
    for width in widths:
        price = multiplications(build(width)) / 1000
        errors = [error_after_training(build, width, seed) for seed in range(3)]
        results[name, width] = price, errors
        print(
            f"{name}, width {width:2}: {price:4.0f} thousand multiplications, errors",
            *(f"{e:.3f}" for e in errors),
        )

# %%
# At about 50 thousand multiplications the best deep network explains nearly everything. A start can get
# stuck, as one of these shows; that is the price of depth, and wider networks, other starts or skip
# connections lower it.
cheap_shallow, dear_shallow = results["one 5×5 layer", 8], results["one 5×5 layer", 64]
cheap_deep = results["two 3×3 layers", 4]
assert cheap_deep[0] < cheap_shallow[0]
assert dear_shallow[0] > 8 * cheap_deep[0]
assert min(cheap_deep[1]) < 0.05 < 0.1 < min(dear_shallow[1])

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(3.4, 6.8),
    alt="Error on new data against multiplications for each network and start. One 5×5 layer: the best of "
    "three falls from about 0.6 to 0.2 between 53 and 426 thousand. Two 3×3 layers: the best of three "
    "is near zero at 50 thousand already, while single starts stay much higher.",
)
for name, marker, colour in zip(tried, "os", drawing.LINES, strict=False):
    prices = [results[name, width][0] for width in tried[name][1]]
    errors = [results[name, width][1] for width in tried[name][1]]
    ax.plot(prices, [min(e) for e in errors], color=colour, label=f"{name}, best of three")
    for price, three in zip(prices, errors, strict=True):
        ax.plot([price] * 3, three, marker, color=colour, alpha=0.7)
ax.set(xlabel="multiplications per image, thousands", ylabel="unexplained share", ylim=(-0.03, 1))
ax.set_title("Two steps are learned by two layers")
ax.legend(frameon=False)
plt.show()
