"""
[1, −1] gives 0 at horizontal edges only
========================================

The output of the kernel [1, −1] at an edge is the cosine of the angle by which the edge is turned away from
the vertical. It is 0 only at 90°, for a horizontal edge.
"""

# %%
# :func:`convbook.images.half_plane` makes an edge of any angle. Turned by 0° the edge is vertical, by 90°
# horizontal.
import math

import matplotlib.pyplot as plt
import torch

from convbook import detect_edges, drawing
from convbook.images import half_plane

degrees = torch.arange(0, 181, 5)
strongest = torch.tensor(
    [
        detect_edges(half_plane((21, 20), math.radians(angle), dtype=torch.float64), "vertical").abs().max()
        for angle in degrees.tolist()
    ]
)
cosine = degrees.double().deg2rad().cos().abs()
torch.testing.assert_close(strongest, cosine.to(strongest.dtype), atol=1e-6, rtol=0)

# %%
# At 45° the output is still 71 % of the largest one. Only at 90° it is 0.
fig, axes = drawing.panels(
    2,
    4,
    size=(4.4, 6.8),
    row_heights=(1, 1.6),
    alt="Above, four edges turned by 0, 45, 80 and 90 degrees. Below, the largest response of the kernel 1, "
    "−1 against the angle: 1 at 0 degrees, 0.71 at 45, zero only at 90, back to 1 at 180, exactly the "
    "cosine.",
)
for ax, angle in zip(axes, (0, 45, 80, 90), strict=False):
    answer = drawing.number(math.cos(math.radians(angle)) if angle < 90 else 0, ".2f")
    drawing.image(
        half_plane((21, 20), math.radians(angle)), limits=(0, 1), ax=ax, title=f"{angle}°: {answer}"
    )
grid = axes[4].get_subplotspec().get_gridspec()
for ax in axes[4:]:
    ax.remove()
below = fig.add_subplot(grid[1, :])
drawing.curves(
    degrees,
    {"largest response": strongest, "cosine": cosine},
    ax=below,
    title="Only a horizontal edge gives 0",
    xlabel="turned by (degrees)",
    ylabel="response",
)
below.set_xticks([0, 45, 90, 135, 180])
plt.show()
