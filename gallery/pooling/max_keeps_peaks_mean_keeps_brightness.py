"""
The maximum makes a picture lighter, the mean keeps its brightness
==================================================================

A photograph is pooled by 8×8 in three ways. The mean leaves the average brightness as it was. The maximum
makes the picture lighter and keeps its thin bright lines; the minimum makes it darker.
"""

# %%
# The minimum is the negative of the maximum of the negative image.
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
# The mean of the means is the mean of the image, since all windows have the same size. The other two are
# not.
brightness = {name: global_avg_pool2d(Y).item() for name, Y in pooled.items()}
assert abs(brightness["mean of 8×8"] - brightness["the photograph"]) < 1e-5
assert brightness["smallest of 8×8"] < brightness["the photograph"] - 0.05
assert brightness["largest of 8×8"] > brightness["the photograph"] + 0.05

# %%
# All pictures share one scale from 0 (black) to 1 (white).
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
