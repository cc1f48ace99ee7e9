"""
The maximum keeps peaks, the mean keeps brightness
==================================================

Shrink a photograph by eight with each pooling: the mean leaves the average brightness as it was, the maximum
makes the picture lighter, and its thin bright lines survive.
"""

# %%
# Besides maximum and mean there is the minimum, which is a maximum of the negative image turned back.
import matplotlib.pyplot as plt

from convbook import avg_pool2d, drawing, global_avg_pool2d, max_pool2d
from convbook.images import photograph

X = photograph()[None]
pooled = {
    "the photograph": X,
    "mean of 8×8": avg_pool2d(X, 8),
    "largest of 8×8": max_pool2d(X, 8),
    "smallest of 8×8": -max_pool2d(-X, 8),
}
for name, Y in pooled.items():
    print(f"{name:16} {tuple(Y.shape[1:])}  mean {global_avg_pool2d(Y).item():.3f}")

# %%
# The mean of means is the mean, since all windows have the same size.
brightness = {name: global_avg_pool2d(Y).item() for name, Y in pooled.items()}
assert abs(brightness["mean of 8×8"] - brightness["the photograph"]) < 1e-5
assert brightness["smallest of 8×8"] < brightness["the photograph"] - 0.05
assert brightness["largest of 8×8"] > brightness["the photograph"] + 0.05

# %%
# One scale for all: what is lighter in the picture is larger in the numbers.
fig, axes = drawing.images(
    [Y[0] for Y in pooled.values()],
    [f"{name}\nmean {brightness[name]:.2f}" for name in pooled],
    limits=(0, 1),
    columns=4,
    panel=1.7,
    alt="A portrait photograph and three copies of an eighth of its size: the mean looks like the original, "
    "the maximum is visibly lighter, the minimum darker.",
)
plt.show()
