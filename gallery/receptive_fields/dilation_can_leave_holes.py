"""
Equal dilations leave holes in the field
========================================

Three layers with dilation 2 reach over 13×13 pixels and look at 49 of them; dilations 1, 2 and 3 reach
exactly as far and look at all 169.
"""

# %%
# The gradient of one output cell, with all weights 1, counts the paths from each pixel: zero is a hole.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, receptive_field

ones = torch.ones(1, 1, 3, 3)


def paths(dilations):
    """Count the paths from each pixel of a 13×13 image to the only output cell."""
    X = torch.zeros(1, 1, 13, 13, requires_grad=True)
    Y = X
    for dilation in dilations:
        Y = conv2d(Y, ones, dilation=dilation)
    return torch.autograd.grad(Y.sum(), X)[0][0, 0]


for dilations in ((2, 2, 2), (1, 2, 3)):
    stack = [(3, 1, 0, dilation) for dilation in dilations]
    seen = int((paths(dilations) > 0).sum())
    print("dilations", dilations, "field", receptive_field(stack).size, "pixels seen", seen)
    assert receptive_field(stack).size == (13, 13)

# %%
# With equal dilations only every second row and column counts, so a neighbour of the middle pixel is never
# looked at: the cell does not know it. Where dilations differ, the steps fill each other's gaps.
assert (paths((2, 2, 2)) > 0).sum() == 49
assert paths((2, 2, 2))[6, 7] == 0
assert (paths((1, 2, 3)) > 0).all()

fig, axes = drawing.panels(
    1,
    2,
    size=(3.5, 6.8),
    alt="Two 13×13 maps of path counts. Left, dilations 2, 2, 2: every second row and column is zero, 49 "
    "cells are coloured. Right, dilations 1, 2, 3: all 169 cells are coloured, most strongly in the "
    "middle.",
)
for ax, dilations, words in zip(
    axes, ((2, 2, 2), (1, 2, 3)), ("49 of 169 pixels seen", "all 169 seen"), strict=True
):
    counts = paths(dilations)
    drawing.grid(counts, ax=ax, limits=(0, 40), cmap="Blues", title=f"dilations {dilations}: {words}")
plt.show()
