"""
The field grows with depth, its effective part with the root of the depth
=========================================================================

A stack of n layers of 3×3 has a field of 2n + 1 pixels. In networks with random weights the squared
gradients gather in the middle, and their width grows like √n only. So the influence covers a smaller and
smaller share of the field.
"""

# %%
# Squared gradients of one output, averaged over 24 networks with random weights. On average each layer
# spreads the squared gradient evenly over three rows and columns, with variance 2/3. Variances add, so
# after n layers the standard deviation is √(2n/3).
import matplotlib.pyplot as plt
import torch

from convbook import drawing


def squared_gradient(layers, networks=24, channels=8):
    """Average over random ReLU networks, on an image as large as the field."""
    size = 2 * layers + 1
    total = torch.zeros(size, size)
    for seed in range(networks):
        torch.manual_seed(seed)
        X = torch.randn(1, 1, size, size, requires_grad=True)
        Y = X
        for layer in range(layers):
            incoming = 1 if layer == 0 else channels
            weight = torch.randn(channels, incoming, 3, 3) * (2 / (9 * incoming)) ** 0.5
            Y = torch.nn.functional.conv2d(Y, weight).relu()
        (gradient,) = torch.autograd.grad(Y.sum(), X)
        total += gradient[0, 0] ** 2 / gradient.square().sum().clamp(min=1e-30)
    return total / total.sum()


def width(weights):
    """Standard deviation over the rows."""
    rows = torch.arange(len(weights)) - len(weights) // 2
    return (weights.sum(1) * rows**2).sum().sqrt().item()


depths = (2, 5, 10, 20)
maps = [squared_gradient(depth) for depth in depths]
for depth, found in zip(depths, maps, strict=True):
    expected = (2 * depth / 3) ** 0.5
    print(f"{depth:2} layers: field {2 * depth + 1:2}, width {width(found):.2f}, √(2n/3) {expected:.2f}")
    assert abs(width(found) / expected - 1) < 0.15

# %%
# The share of the field within one standard deviation of the middle, on one axis, falls from more than a
# half to less than a fifth.
shares = [2 * width(found) / (2 * depth + 1) for depth, found in zip(depths, maps, strict=True)]
assert shares[0] > 0.45 > 0.2 > shares[-1]

# %%
# Each map shows its whole field; its own largest value is the darkest.
fig, axes = drawing.panels(
    1,
    4,
    size=(2.1, 6.8),
    alt="Squared gradients over the whole receptive field for 2, 5, 10 and 20 layers. The dark bump in the "
    "middle fills most of the field of 5×5, and about a fifth of the width of the field of 41×41.",
)
for ax, depth, found in zip(axes, depths, maps, strict=True):
    size = 2 * depth + 1
    drawing.image(
        found / found.max(), limits=(0, 1), cmap="Blues", ax=ax, title=f"{depth} layers\nfield {size}×{size}"
    )
plt.show()
