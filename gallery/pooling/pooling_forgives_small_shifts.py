"""
Pooling forgives a small shift, skipping does not
=================================================

Move an image by one pixel and nearly every number of its edge map changes. After pooling far less changes,
the larger the window the less; taking every eighth pixel instead, which is as small, forgives nothing.
"""

# %%
# The vertical edges of the photograph, and cut-outs of that map which begin up to eight columns further
# right.
import matplotlib.pyplot as plt
import torch

from convbook import avg_pool2d, conv2d, drawing, max_pool2d
from convbook.images import photograph

sobel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
edges = conv2d(photograph()[None, None], sobel[None, None])[0].abs()
shifts = range(9)
moved = [edges[:, :480, 16 + shift : 16 + shift + 448] for shift in shifts]

# %%
# How far is the output of a moved map from that of the first one? The distance is 0 where both are equal, and
# 1 where they have nothing in common (as vectors they are then at right angles).


def distance(a, b):
    return ((a - b).square().sum() / (a.square().sum() + b.square().sum())).sqrt().item()


ways = {
    "no pooling": lambda x: x,
    "every 8th pixel": lambda x: x[:, ::8, ::8],
    "max 2×2": lambda x: max_pool2d(x, 2),
    "max 4×4": lambda x: max_pool2d(x, 4),
    "max 8×8": lambda x: max_pool2d(x, 8),
    "mean 8×8": lambda x: avg_pool2d(x, 8),
}
found = {name: [distance(way(moved[0]), way(x)) for x in moved] for name, way in ways.items()}
for name, distances in found.items():
    print(f"{name:16}", *(f"{value:.2f}" for value in distances))

# %%
# One pixel brings the map half of the way to a map of something else, and the output of max pooling by 8×8
# only a sixth of the way. The stride alone brings nothing.
assert found["no pooling"][1] > 0.5
assert found["every 8th pixel"][1] > 0.5
assert found["max 8×8"][1] < 0.17
assert found["mean 8×8"][1] < 0.15
for step in range(1, 9):
    assert (
        found["max 8×8"][step] < found["max 4×4"][step] < found["max 2×2"][step] < found["no pooling"][step]
    )

# %%
# At a shift of 8, one window of 8×8, the pooled map has moved by exactly one cell: it has not forgotten the
# place, it knows it to eight pixels.
assert torch.equal(max_pool2d(moved[0], 8)[:, :, 1:], max_pool2d(moved[8], 8)[:, :, :-1])

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(3.6, 6.8),
    alt="Distance of the output from the output of the unmoved map, against the shift. Without pooling it "
    "jumps to 0.5 after one pixel and stays near 0.8; taking every eighth pixel likewise. With max "
    "pooling 8×8 it grows slowly from 0.16 to 0.5, and with mean pooling 8×8 about the same.",
)
drawing.curves(
    list(shifts),
    found,
    ax=ax,
    markers=True,
    xlabel="shift in pixels",
    ylabel="distance from the output before",
    ylimits=(0, 1.2),
    title="The larger the window, the less a shift matters",
)
ax.legend(loc="upper left", ncols=3, frameon=False)
plt.show()
