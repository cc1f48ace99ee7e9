"""
A larger batch lowers the level at which a noisy run stays
==========================================================

With a noisy output and small batches the loss stops falling above its lowest value. The level falls with a
larger batch and with a smaller learning rate; all pixels in each step reach the lowest value.
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
# The excess above the lowest value, averaged over the last 300 of 400 steps, for eight random sequences of
# batches.
start = torch.tensor([[0.2807, 0.2540]], dtype=torch.float64)


def run(batch_size, lr, seed=0):
    fit = learn_kernel(
        X,
        Y,
        (1, 2),
        lr=lr,
        steps=400,
        batch_size=batch_size,
        weight=start,
        reduction="mean",
        generator=torch.Generator().manual_seed(seed),
    )
    return fit.losses - floor


excess = {batch: run(batch, 0.3) for batch in (1, 4, 16, 42)}
levels = {}
for batch, lr in ((1, 0.3), (4, 0.3), (16, 0.3), (42, 0.3), (4, 0.1)):
    levels[batch, lr] = torch.stack([run(batch, lr, seed)[100:].mean() for seed in range(8)])
    print(f"batch {batch:2}, lr {lr}: {levels[batch, lr].mean():.1e} ± {levels[batch, lr].std():.0e}")
assert (levels[1, 0.3] > 4 * levels[4, 0.3]).all()
assert (levels[4, 0.3] > 4 * levels[16, 0.3]).all()
assert levels[42, 0.3].max() < 1e-9
assert (levels[4, 0.1] < levels[4, 0.3] / 2).all()

# %%
# With all 42 pixels the loss reaches its lowest value; with single pixels it stays far above.
fig, (ax,) = drawing.panels(
    1,
    1,
    size=(4.0, 6.8),
    alt=(
        "Loss above its floor against step, logarithmic, for batches of 1, 4, 16 and 42 pixels. Batches "
        "of 1 stay highest, 4 lower, 16 lower still, and the full batch falls below the lower end "
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
    ylabel="loss above its lowest value",
    title="Four times the batch, a quarter of the level or less",
)
plt.show()
