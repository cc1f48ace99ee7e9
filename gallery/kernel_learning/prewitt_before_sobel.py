"""
From a photograph Prewitt's kernel is learned before Sobel's
============================================================

The Sobel kernel is learned from a photograph and its edges. After 100 steps the kernel is close to a
multiple of Prewitt's; thousands of steps later its middle row has grown to 2. On white noise this does not
happen.
"""

# %%
# The output of the Sobel kernel on the photograph, and a run that learns the kernel from it.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, learn_kernel, learning_theory, least_squares_kernel
from convbook.images import noise, photograph
from convbook.kernels import kernel

X = photograph(dtype=torch.float64)
sobel = kernel("sobel_vertical", dtype=torch.float64)
Y = conv2d(X[None, None], sobel[None, None])[0, 0]
theory = learning_theory(X, 3, reduction="mean")
fit = learn_kernel(
    X, Y, 3, lr=theory.best_lr, steps=10_000, reduction="mean", weight=torch.zeros(3, 3, dtype=torch.float64)
)
print(f"largest eigenvalue {theory.condition:.0f} times the smallest")

# %%
# After 100 steps the three rows are nearly equal, as in Prewitt's kernel. Least squares finds Sobel's in one
# step. The control learns the same kernel from white noise, and has it after 100 steps.
early, late = fit.weights[99], fit.weights[-1]
print(
    "right column after 100 and 10,000 steps:",
    early[:, 2].round(decimals=2).tolist(),
    late[:, 2].round(decimals=2).tolist(),
)
assert early[1, 2] / early[0, 2] < 1.25 < 1.99 < late[1, 2] / late[0, 2]
assert (least_squares_kernel(X, Y, 3).weight - sobel).abs().max() < 1e-9

white = noise((120, 102), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
edges = conv2d(white[None, None], sobel[None, None])[0, 0]
rate = learning_theory(white, 3, reduction="mean").best_lr
control = learn_kernel(white, edges, 3, lr=rate, steps=100, reduction="mean", weight=torch.zeros_like(sobel))
print("from white noise after 100 steps:", control.weight[:, 2].round(decimals=2).tolist())
assert (control.weight - sobel).abs().max() < 0.01

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
