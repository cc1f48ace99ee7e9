"""
Winograd pays for multiplications in digits
===========================================

F(4,3) needs a quarter of the multiplications, and its points ±2 bring factors of up to eight, whose products
cancel again. What they cancel is digits.
"""

# %%
# The definition needs 9 multiplications for each output of a 3×3 kernel, F(2,3) needs 4, F(4,3) needs 2.25.
import matplotlib.pyplot as plt
import torch

from convbook import drawing
from convbook.algorithms.winograd import MATRICES

torch.manual_seed(0)


def errors(outputs, dtype, trials=4000):
    """The errors of one-dimensional Winograd filters on random tiles, in parts of Σ|d||g|, against
    float64."""
    to_image, to_kernel, to_output = (torch.tensor(m, dtype=dtype) for m in MATRICES[outputs])
    d = torch.randn(trials, outputs + 2, dtype=torch.float64).to(dtype)
    g = torch.randn(trials, 3, dtype=torch.float64).to(dtype)
    y = ((d @ to_image.T) * (g @ to_kernel.T)) @ to_output.T
    windows = d.double().unfold(1, 3, 1)
    exact = torch.einsum("noa,na->no", windows, g.double())
    scale = torch.einsum("noa,na->no", windows.abs(), g.double().abs())
    return ((y - exact).abs() / scale).flatten()


def direct(dtype, trials=4000):
    """The same for three products and two sums."""
    d = torch.randn(trials, 3, dtype=torch.float64).to(dtype)
    g = torch.randn(trials, 3, dtype=torch.float64).to(dtype)
    y = d[:, 0] * g[:, 0] + d[:, 1] * g[:, 1] + d[:, 2] * g[:, 2]
    products = d.double() * g.double()
    return (y - products.sum(1)).abs() / products.abs().sum(1)


# %%
# Sorted errors, in units of the dtype's rounding: how often is an error larger than this?
eps = torch.finfo(torch.float32).eps
curves = {
    "definition, 9 multiplications": direct(torch.float32) / eps,
    "F(2,3), 4": errors(2, torch.float32) / eps,
    "F(4,3), 2.25": errors(4, torch.float32) / eps,
}
figure, ax = plt.subplots(figsize=(6.8, 3.6), layout="constrained")
for number, (name, values) in enumerate(curves.items()):
    ordered = values.sort().values
    part = 1 - torch.arange(len(ordered)) / len(ordered)
    ax.plot(ordered.clamp(min=1e-2), part, color=drawing.LINES[number], label=name)
ax.set(
    xscale="log",
    xlim=(1e-2, 30),
    xlabel="error, in roundings of Σ|d||g|",
    ylabel="part of the outputs with a larger error",
    title="Fewer multiplications, larger errors",
)
ax.legend(fontsize=8)
middle = {name: float(values.median()) for name, values in curves.items()}
figure.set_label(
    "Three falling curves: the part of the outputs whose error exceeds a value. The definition's "
    "errors are the smallest, "
    "F(2,3)'s larger, F(4,3)'s the largest, about an order of magnitude to the right of the definition's."
)
plt.show()

# %%
# In two dimensions the factor is squared. That is why ``auto`` never takes Winograd: it is for those who
# ask.
definition, two, four = middle.values()
assert definition < two < four
assert four > 3 * definition
