"""
An image of ones shows only the sum of the weights
==================================================

If the middle of the image is not set to 0, the image is constant. The loss still falls to 0, but the kernel
is not found: the loss is the same for all kernels with the same sum of weights.
"""

# %%
# Every window of the image of ones is (1, 1), so the output of every kernel is :math:`w_1 + w_2`.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, learn_kernel, learning_theory, least_squares_kernel

X = torch.ones(6, 8, dtype=torch.float64)
K = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
Y = corr2d(X, K)
theory = learning_theory(X, (1, 2))
print(theory)

# %%
# Least squares reports the same: one direction is open, and the shortest kernel with loss 0 is 0.
print(least_squares_kernel(X, Y, (1, 2)))
assert theory.rank == 1
assert abs(theory.critical_lr - 1 / 84) < 1e-12

# %%
# Four starts give four kernels, all with a loss of 0.
paths, ends = {}, []
for name, start in {"1": [1.5, 0.9], "2": [-0.6, 0.2], "3": [0.2, -1.6], "4": [-1.2, -1.0]}.items():
    first = torch.tensor([start], dtype=torch.float64)
    fit = learn_kernel(X, Y, (1, 2), lr=0.004, steps=25, weight=first)
    paths[f"run {name}"] = torch.cat([first, fit.weights[:, 0]])
    ends.append(fit.weight)
    assert fit.final_loss < 1e-9
    assert abs(fit.weight.sum()) < 1e-5
print(torch.cat(ends).round(decimals=3))

across, up = torch.linspace(-2, 2, 81), torch.linspace(-2, 2, 81)
heights = theory.loss(torch.cartesian_prod(up, across).flip(1) - K).reshape(81, 81)
fig, (ax,) = drawing.panels(
    1,
    1,
    size=(5.6, 6.4),
    alt=(
        "The level lines of the loss are parallel diagonals: a valley along w1 + w2 = 0. Four runs from "
        "different starts go straight to its lowest line and end at four different kernels, none of them (1, "
        "−1), which is marked by a star."
    ),
)
drawing.contour(
    across,
    up,
    heights,
    levels=[1, 10, 40, 100, 200, 400],
    paths=paths,
    best=(1, -1),
    ax=ax,
    title="Four kernels with loss 0, none is the right one",
    xlabel="first weight",
    ylabel="second weight",
)
plt.show()
