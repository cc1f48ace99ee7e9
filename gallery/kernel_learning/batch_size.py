r"""
Larger batches quieten a run that noise keeps awake
===================================================

Small batches of pixels make each step cheap and wrong by chance. With a noisy output the loss then stops
falling at a level that shrinks as the batch grows, and with a smaller learning rate. That is the cure for a
jittering loss.
"""

# %%
# Noise of standard deviation 0.3 on the output, so that no kernel fits every pixel; the mean squared error;
# several batch sizes out of the 42 output pixels.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, learn_kernel, least_squares_kernel
from convbook.images import edge_image

generator = torch.Generator().manual_seed(0)
X = edge_image(dtype=torch.float64)
Y = corr2d(X, torch.tensor([[1.0, -1.0]], dtype=torch.float64))
Y = Y + 0.3 * torch.randn(Y.shape, generator=generator, dtype=torch.float64)
floor = least_squares_kernel(X, Y, (1, 2)).loss / 42
print(f"lowest mean squared error {floor:.4f}")

# %%
# The excess above that floor, averaged over the last 300 of 400 steps.
start = torch.tensor([[0.2807, 0.2540]], dtype=torch.float64)


def run(batch_size, lr):
    fit = learn_kernel(
        X,
        Y,
        (1, 2),
        lr=lr,
        steps=400,
        batch_size=batch_size,
        weight=start,
        reduction="mean",
        generator=generator,
    )
    return fit.losses - floor


excess = {batch: run(batch, 0.3) for batch in (1, 4, 16, 42)}
slower = run(4, 0.1)
rest = {batch: float(losses[100:].mean()) for batch, losses in excess.items()}
print(
    {batch: f"{level:.1e}" for batch, level in rest.items()},
    f"batch 4 at a third of the rate {slower[100:].mean():.1e}",
)
assert rest[1] > 4 * rest[4] > 16 * rest[16]
assert rest[42] < 1e-9
assert slower[100:].mean() < rest[4] / 2

# %%
# All 42 pixels go down to the floor for good; single pixels never come to rest.
fig, (ax,) = drawing.panels(
    1,
    1,
    size=(4.0, 6.8),
    alt=(
        "Loss above its floor against step, logarithmic, for batches of 1, 4, 16 and 42 pixels. Batches "
        "of 1 jitter highest, 4 lower, 16 lower still, and the full batch falls straight off the bottom "
        "of the figure."
    ),
)
drawing.curves(
    range(200),
    {f"batch {batch}": losses[:200].clamp(min=1e-8) for batch, losses in excess.items()},
    ax=ax,
    yscale="log",
    ylimits=(1e-6, 10),
    xlabel="updates made before",
    ylabel="loss above its floor",
    title="Four times the batch, a quarter of the jitter or less",
)
plt.show()
