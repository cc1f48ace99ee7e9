r"""
A photograph teaches Prewitt before it teaches Sobel
====================================================

Learn the Sobel kernel from a photograph and its edges: after a hundred steps the kernel found is nearly
Prewitt's. Only after thousands does its middle row grow to 2, because photographs hardly tell neighbouring
rows apart.
"""

# %%
# What the Sobel kernel makes of the photograph, and a run towards it.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, learn_kernel, learning_theory, least_squares_kernel
from convbook.images import photograph
from convbook.kernels import kernel

X = photograph(dtype=torch.float64)
sobel, prewitt = (
    kernel("sobel_vertical", dtype=torch.float64),
    kernel("prewitt_vertical", dtype=torch.float64),
)
Y = conv2d(X[None, None], sobel[None, None])[0, 0]
theory = learning_theory(X, 3, reduction="mean")
fit = learn_kernel(
    X, Y, 3, lr=theory.best_lr, steps=10_000, reduction="mean", weight=torch.zeros(3, 3, dtype=torch.float64)
)
print(f"steepest axis {theory.condition:.0f} times steeper than the flattest")

# %%
# Early on the three rows are alike, as in Prewitt's kernel; least squares finds Sobel's at once.
early, late = fit.weights[99], fit.weights[-1]
print(
    "row sums of the right column:",
    early[:, 2].round(decimals=2).tolist(),
    late[:, 2].round(decimals=2).tolist(),
)
assert early[1, 2] / early[0, 2] < 1.25 < 1.99 < late[1, 2] / late[0, 2]
assert (least_squares_kernel(X, Y, 3).weight - sobel).abs().max() < 1e-9

# %%
# Four stages of the run, on one scale.
fig, axes = drawing.panels(
    1,
    4,
    size=(2.3, 6.8),
    alt=(
        "The learned 3×3 kernel after 10, 100, 1000 and 10 000 steps. After 100 steps its columns are "
        "about −1.1, 0 and 1.1 in every row; after 10 000 they are Sobel's −1, −2, −1 and 1, 2, 1."
    ),
)
for ax, step in zip(axes, (10, 100, 1000, 10_000), strict=True):
    drawing.kernel(fit.weights[step - 1].round(decimals=2), limit=2, ax=ax, title=f"{step} steps")
plt.show()
