"""
Three 3×3 layers have the field of one 7×7 layer
================================================

Each 3×3 layer adds one pixel on every side: 3, 5, 7. The pixels do not have equal influence, because 49
paths lead from the output to the middle pixel and only one leads to a corner.
"""

# %%
# With all weights 1, the gradient of one output counts the paths from each pixel to it.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, receptive_field

ones = torch.ones(1, 1, 3, 3)


def paths(layers):
    """Count, for each pixel of a 7×7 image, the paths to the middle cell of the last layer."""
    X = torch.zeros(1, 1, 7, 7, requires_grad=True)
    Y = X
    for _ in range(layers):
        Y = conv2d(Y, ones, padding=1)
    return torch.autograd.grad(Y[0, 0, 3, 3], X)[0][0, 0]


for layers in (1, 2, 3):
    used = int((paths(layers)[3] > 0).sum())
    print(
        layers,
        "layers:",
        receptive_field([3] * layers).size,
        "and the gradient is not zero in",
        used,
        "columns",
    )
    assert receptive_field([3] * layers).size == (used, used) == (2 * layers + 1,) * 2
    assert paths(layers).sum() == 9**layers

# %%
# Of the 729 paths through three layers, 49 end in the middle pixel and one in each corner.
assert paths(3)[3, 3] == 49
assert paths(3)[0, 0] == 1

fig, axes = drawing.panels(
    1,
    3,
    size=(2.8, 6.8),
    alt="Three 7×7 grids with the number of paths from each pixel to the middle output cell. One layer: a "
    "3×3 block of ones. Two layers: a 5×5 block from 1 in the corners to 9. Three layers: the whole "
    "grid, from 1 in the corners to 49 in the middle.",
)
for ax, layers in zip(axes, (1, 2, 3), strict=True):
    counts = paths(layers)
    drawing.grid(
        counts,
        ax=ax,
        limits=(0, 1.5 * counts.max().item()),
        cmap="Blues",
        title=f"{layers} layer{'s' * (layers > 1)}: {2 * layers + 1}×{2 * layers + 1}",
    )
plt.show()
