"""
Around a disc the gradient has every direction once
===================================================

The angle of the image gradient is the direction in which an edge brightens, and a disc has an edge for each
angle. Its rim is therefore a color wheel that explains the colors of the photograph beside it.
"""

# %%
# Directions are angles in radians: 0 is to the right, π/2 down. Where the image is flat there is no
# direction, so the colors fade with the :func:`magnitude <convbook.magnitude>`.
import math

import matplotlib.pyplot as plt
import torch

from convbook import drawing, image_gradient, magnitude, orientation, photograph
from convbook.images import disc

X = disc(61, radius=20)
rows, columns = image_gradient(X, "scharr", per_pixel=True)
angle = orientation(rows, columns)

# The disc is white: at each point of the rim it brightens toward the middle.
steep = magnitude(rows, columns) > 0.3
there = steep.nonzero() - 29.0
toward_the_middle = torch.atan2(-there[:, 0], -there[:, 1])
error = torch.remainder(angle[steep] - toward_the_middle + math.pi, 2 * math.pi) - math.pi
assert error.abs().max() < math.radians(6)

# %%
# In the portrait the left side of the face and its right side have opposite colors: one brightens to the
# right, the other to the left.
picture = photograph((300, 256))[60:210, 60:200]
fig, axes = drawing.panels(
    1,
    2,
    size=(3.2, 6.8),
    alt="Left, the rim of a disc, colored by the direction in which it brightens: each direction has its "
    "color, once. Right, the outlines of a face in the same colors; opposite sides of the face have "
    "opposite colors.",
)
for ax, image, title in (
    (axes[0], X, "a disc: every direction once"),
    (axes[1], picture, "a face, in the same colors"),
):
    rows, columns = image_gradient(image, "scharr", per_pixel=True)
    strength = (magnitude(rows, columns) / 0.2).clamp(max=1)
    drawing.image(
        orientation(rows, columns),
        limits=(-math.pi, math.pi),
        cmap="hsv",
        opacity=strength,
        ax=ax,
        title=title,
        colourbar=ax is axes[1],
        label="brightens toward",
    )
bar = axes[1].images[0].colorbar
bar.set_ticks(
    [-math.pi, -math.pi / 2, 0, math.pi / 2, math.pi], labels=["left", "up", "right", "down", "left"]
)
plt.show()
