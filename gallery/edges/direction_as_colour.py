"""
Around a disc the gradient turns once
=====================================

The angle of the gradient tells in which direction an edge brightens, and a disc has an edge for each angle
there is. Its rim is therefore a colour wheel, and the key to the photograph beside it.
"""

# %%
# Directions are angles in radians: 0 is to the right, π/2 down. Where the image is flat there is no
# direction, so the colours fade with the :func:`magnitude <convbook.magnitude>`.
import math

import matplotlib.pyplot as plt
import torch

from convbook import drawing, image_gradient, magnitude, orientation, photograph
from convbook.images import disc

X = disc(61, radius=20)
rows, columns = image_gradient(X, "scharr", per_pixel=True)
angle = orientation(rows, columns)

# The disc is white: at each point of the rim it brightens towards the middle.
steep = magnitude(rows, columns) > 0.3
there = steep.nonzero() - 29.0
towards_the_middle = torch.atan2(-there[:, 0], -there[:, 1])
error = torch.remainder(angle[steep] - towards_the_middle + math.pi, 2 * math.pi) - math.pi
assert error.abs().max() < math.radians(6)

# %%
# In the portrait the left side of the face and its right side have opposite colours: one brightens to the
# right, the other to the left.
picture = photograph((300, 256))[60:210, 60:200]
fig, axes = drawing.panels(
    1,
    2,
    size=(3.2, 6.8),
    alt="Left, the rim of a disc, coloured by the direction in which it brightens: each direction has its "
    "colour, once. Right, the outlines of a face in the same colours; opposite sides of the face have "
    "opposite colours.",
)
for ax, image, title in (
    (axes[0], X, "a disc: every direction once"),
    (axes[1], picture, "a face, by the same key"),
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
        label="brightens towards",
    )
bar = axes[1].images[0].colorbar
bar.set_ticks(
    [-math.pi, -math.pi / 2, 0, math.pi / 2, math.pi], labels=["left", "up", "right", "down", "left"]
)
plt.show()
