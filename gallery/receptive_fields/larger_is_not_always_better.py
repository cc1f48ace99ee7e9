"""
A larger kernel can learn less, although it contains the rule
=============================================================

The rule behind the data is a 5×5 kernel, and the data is noisy. A 3×3 kernel is too small for the rule. A
15×15 kernel contains it and is worse than 5×5 on new data, because its 200 other weights follow the noise.
"""

# %%
# Learn a kernel of each size by least squares from one small image, and test it on another. Each column of
# :func:`convbook.unfold` is a window, so the learned kernel solves one linear system. All sizes learn from
# the same 400 output cells; the errors are means over 40 repetitions.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, unfold

generator = torch.Generator().manual_seed(3)
rule = torch.randn(5, 5, generator=generator, dtype=torch.float64)
NOISE = 3.0
sizes = range(1, 16, 2)


def example():
    """Draw an image and the noisy output of the rule, 20×20 cells; windows of 15×15 fit around each."""
    X = torch.randn(1, 1, 34, 34, generator=generator, dtype=torch.float64)
    Y = conv2d(X[:, :, 5:-5, 5:-5], rule[None, None]).flatten()
    return X, Y + NOISE * torch.randn(Y.shape, generator=generator, dtype=torch.float64)


def windows(X, size):
    """One row for each window of this size around the same 400 places."""
    margin = (15 - size) // 2
    return unfold(X[:, :, margin : 34 - margin, margin : 34 - margin], size)[0].T


errors = torch.zeros(2, len(sizes), 40)
for run in range(40):
    (X, Y), (X_new, Y_new) = example(), example()
    for at, size in enumerate(sizes):
        kernel = torch.linalg.lstsq(windows(X, size), Y[:, None]).solution[:, 0]
        errors[0, at, run] = (windows(X, size) @ kernel - Y).square().mean()
        errors[1, at, run] = (windows(X_new, size) @ kernel - Y_new).square().mean()
learned, new = errors.mean(2)
spread = errors.std(2) / 40**0.5
for at, size in enumerate(sizes):
    print(
        f"{size:2}×{size:<2}  error on the data {learned[at]:5.1f} ± {spread[0, at]:.1f}"
        f"   on new data {new[at]:5.1f} ± {spread[1, at]:.1f}"
    )

# %%
# On the data that was learned from, larger is always better. On new data 5×5 is best, by more than three
# standard errors of the difference. With q weights learned from r independent rows the error would be σ²·(1
# + q / (r − q − 1)), 20.6 for 15×15. Overlapping windows are not independent, and their error is a little
# smaller.
assert (learned.diff() < 0).all()
assert sizes[new.argmin()] == 5
gaps = errors[1] - errors[1, 2]  # each size against 5×5, on the same 40 pairs of images
assert all(gaps[at].mean() > 3 * gaps[at].std() / 40**0.5 for at in range(len(sizes)) if at != 2)
assert 0.8 < new[-1] / (NOISE**2 * (1 + 225 / (400 - 225 - 1))) < 1.05

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(3.4, 6.8),
    alt="Mean squared error against the kernel's size, 1 to 15. On the data learned from it falls all the "
    "way from 25 to 4. On new data it falls from 25 to 9 at size 5 and rises again to 20 at size 15.",
)
drawing.curves(
    list(sizes),
    {"data learned from": learned, "new data": new},
    ax=ax,
    markers=True,
    ylimits=(0, 27),
    xlabel="kernel size",
    ylabel="mean squared error",
    title="New data: 5×5 is best, and larger kernels are worse",
)
ax.axhline(NOISE**2, color=drawing.INK, linewidth=0.8, linestyle=":")
ax.text(15, NOISE**2 + 0.4, "the noise", color=drawing.INK, ha="right", fontsize=9)
plt.show()
