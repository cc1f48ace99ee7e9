"""
At equal cost, the best deep networks beat all shallow ones, and others are stuck
=================================================================================

Two networks have a field of 5×5 pixels and take about 50 thousand multiply–adds on a 20×20 image: one 5×5
layer, or two 3×3 layers with a ReLU between. The rule to learn has two steps. Over eight starts some deep
networks learn it nearly completely, no shallow one does, and other deep ones are no better than the shallow
ones.
"""

# %%
# The rule: differences along the rows, their absolute value, differences of that down the columns, absolute
# again. Each output depends on 5×5 pixels, so one sample is one window of 5×5 and one number.
import matplotlib.pyplot as plt
import torch
from torch import nn

from convbook import cost, drawing, unfold

along = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]) / 12**0.5


def data(samples, seed):
    """Windows of noise, and what the rule computes from them, scaled to mean 0 and variance 1."""
    X = torch.randn(samples, 1, 5, 5, generator=torch.Generator().manual_seed(seed))
    Y = X
    for kernel in (along, along.T):
        Y = nn.functional.conv2d(Y, kernel[None, None]).abs()
    return X, (Y.flatten() - Y.mean()) / Y.std()


# %%
# Eight networks of each kind are trained at once, with a first axis for the start. On a single window a
# convolution is a matrix product: a 5×5 layer multiplies 25 pixels, a 3×3 layer its nine windows of 9.
STARTS = 8


def uniform(*shape, inputs):
    return nn.Parameter((2 * torch.rand(STARTS, *shape) - 1) / inputs**0.5)


def shallow(width):
    weights = [uniform(25, width, inputs=25), uniform(width, inputs=25), uniform(width, inputs=width)]

    def network(X):
        hidden = torch.einsum("pk,skc->spc", X, weights[0]) + weights[1][:, None]
        return torch.einsum("spc,sc->sp", hidden.relu(), weights[2])

    return network, weights, lambda X: X.flatten(1)


def deep(width):
    weights = [
        uniform(9, width, inputs=9),
        uniform(width, inputs=9),
        uniform(9, width, width, inputs=9 * width),
        uniform(width, inputs=9 * width),
        uniform(width, inputs=width),
    ]

    def network(X):
        first = torch.einsum("pqk,skc->spqc", X, weights[0]) + weights[1][:, None, None]
        second = torch.einsum("spqc,sqcd->spd", first.relu(), weights[2]) + weights[3][:, None]
        return torch.einsum("spd,sd->sp", second.relu(), weights[4])

    return network, weights, lambda X: unfold(X, 3).transpose(1, 2)


def errors_after_training(network, weights, cut, steps=300):
    """Train on the windows that `cut` makes; return each start's unexplained share of the new samples."""
    bias = nn.Parameter(torch.zeros(STARTS, 1))
    optimizer = torch.optim.Adam([*weights, bias], lr=3e-2)
    (X, Y), (X_new, Y_new) = data(4000, seed=0), data(2000, seed=999)
    X, X_new = cut(X), cut(X_new)
    for _ in range(steps):
        some = torch.randint(0, 4000, (128,))
        loss = (network(X[some]) + bias - Y[some]).square().mean(1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return (network(X_new) + bias - Y_new).square().mean(1).tolist()


# %%
# The costs on a 20×20 image, without padding, and the errors.
costs = {
    "one 5×5 layer, 8 channels": [cost(20, 5, 1, 8), cost(16, 1, 8, 1)],
    "two 3×3 layers, 4 channels": [cost(20, 3, 1, 4), cost(18, 3, 4, 4), cost(16, 1, 4, 1)],
}
torch.manual_seed(0)
errors = {}
for name, built in zip(costs, (shallow(8), deep(4)), strict=True):
    errors[name] = sorted(errors_after_training(*built))
    price = sum(layer.multiply_adds for layer in costs[name])
    print(f"{name}, {price:,} multiply–adds:", *(f"{error:.3f}" for error in errors[name]))

# %%
# The best deep network explains nearly everything, and no shallow one does. The worst deep ones are no
# better than the shallow ones.
flat, small = errors.values()
assert small[0] < 0.05 < 0.4 < flat[0]
assert sum(error < 0.05 for error in small) >= 2
assert small[-1] > flat[0]

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(2.0, 6.8),
    alt="Unexplained share for eight starts of two networks, a dot each. One 5×5 layer: all above 0.4. Two "
    "3×3 layers: some near 0, others as high as the shallow ones.",
)
for at, found in enumerate(errors.values()):
    ax.plot(found, [at] * STARTS, "o", color=drawing.LINES[0], alpha=0.5)
ax.set_yticks(range(2), list(errors))
ax.set(xlabel="unexplained share of the variance, a dot for each start", xlim=(-0.03, 1.1), ylim=(1.5, -0.5))
ax.set_title("Some deep networks learn the rule, others are stuck")
plt.show()
