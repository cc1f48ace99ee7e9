"""
A bias halves the learning rate at which a run converges
========================================================

A run on the 6×8 image converges at a rate of 0.03, and diverges at 0.03 as soon as the layer has a bias:
the largest eigenvalue is then twice as large.
"""

# %%
# With a bias the matrix of windows has a third column, of ones. The pixels are not negative, so the products
# of this column with the two others are positive and add to the largest eigenvalue.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, learn_kernel, learning_theory
from convbook.images import edge_image

X = edge_image(dtype=torch.float64)
Y = corr2d(X, torch.tensor([[1.0, -1.0]], dtype=torch.float64))
without, with_bias = learning_theory(X, (1, 2)), learning_theory(X, (1, 2), bias=True)
print(with_bias.matrix)
print(
    f"largest eigenvalue {without.eigenvalues[-1]:.3f} without, {with_bias.eigenvalues[-1]:.3f} with a bias"
)

# %%
# So the critical rate falls from 1/30 to 0.016089. The steepest direction has the same sign for both weights
# and the bias.
print(f"critical rate {without.critical_lr:.6f} without, {with_bias.critical_lr:.6f} with a bias")
print("steepest direction:", with_bias.eigenvectors[:, -1])
assert f"{with_bias.critical_lr:.6f}" == "0.016089"

# %%
# Three runs from the same first weights.
start = torch.tensor([[0.2807, 0.2540]], dtype=torch.float64)
runs = {
    "no bias, 0.03": learn_kernel(X, Y, (1, 2), lr=0.03, steps=30, weight=start),
    "bias, 0.03": learn_kernel(X, Y, (1, 2), lr=0.03, steps=30, weight=start, bias=True),
    "bias, 0.015": learn_kernel(X, Y, (1, 2), lr=0.015, steps=30, weight=start, bias=True),
}
print(runs["bias, 0.03"].verdict)
assert [fit.diverged for fit in runs.values()] == [False, True, False]

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(3.8, 6.8),
    alt=(
        "Loss against step, logarithmic. Without a bias at rate 0.03 the loss falls below 0.001 in 30 "
        "steps; with a bias at 0.03 it climbs beyond a million billion; with a bias at 0.015 it falls "
        "again."
    ),
)
drawing.curves(
    range(30),
    {name: fit.losses for name, fit in runs.items()},
    ax=ax,
    yscale="log",
    xlabel="updates made before",
    ylabel="loss",
    title="The same rate, with and without a bias",
)
plt.show()
