"""
Each step changes the sign of the steep part of the error
=========================================================

The error of a run on the 6×8 image is split along the two axes of the loss. Each step multiplies its parts
by −0.8 and by 0.64; the numbers in the figure are computed from the run.
"""

# %%
# The run, and its error in the coordinates of the two axes.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, learn_kernel, learning_theory
from convbook.images import edge_image

X = edge_image(dtype=torch.float64)
K = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
Y = corr2d(X, K)
theory = learning_theory(X, (1, 2))
start = torch.tensor([[-0.5415, -0.5382]], dtype=torch.float64)
fit = learn_kernel(X, Y, (1, 2), lr=0.03, steps=11, weight=start)
path = torch.cat([start, fit.weights[:, 0]])
parts = (path - K) @ theory.eigenvectors
torch.testing.assert_close(parts[1:], parts[:-1] * theory.factors(0.03))

# %%
# Left the path so far; right the two parts of the error, as signed bars. The animation waits until it is
# started.
across, up = torch.linspace(-0.8, 1.6, 80), torch.linspace(-1.9, 0.1, 80)
heights = theory.loss(torch.cartesian_prod(up, across).flip(1) - K).reshape(80, 80)
flat, steep = theory.eigenvectors.T * 0.4
fig, axes = drawing.panels(1, 2, size=(3.9, 6.8), column_widths=(2.2, 1))
fig.set_label(
    "An animation of eleven steps. On the oval level lines the kernel moves from (−0.54, −0.54) to (1, "
    "−1), crossing the long axis at each step. Two bars show the parts of its error: one changes "
    "sign at each step, both shrink."
)


def draw(step):
    for ax in axes:
        ax.clear()
    drawing.contour(
        across,
        up,
        heights,
        levels=[0.3, 1, 3, 8, 16, 32],
        paths={f"step {step}": path[: step + 1]},
        best=(1, -1),
        directions={"λ = 6": tuple(flat.tolist()), "λ = 30": tuple(steep.tolist())},
        ax=axes[0],
        title=f"loss {fit.losses[step]:.3f}" if step < len(fit.losses) else f"loss {fit.final_loss:.3f}",
        xlabel="first weight",
        ylabel="second weight",
    )
    drawing.bars(
        parts[step],
        labels=["flat\n× 0.64", "steep\n× −0.8"],
        ax=axes[1],
        title="parts of the error",
        fmt=".3f",
    )
    axes[1].set_ylim(-1.7, 1.7)


animation = drawing.animate(fig, draw, frames=12, seconds_per_frame=1.0)
plt.show()
