"""
Equal dilations leave holes in the field
========================================

Three layers with dilation 2 have a field of 13×13 pixels and depend on 49 of them. Dilations 1, 2 and 3
have a field of the same size and depend on all 169.
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
    used = int((paths(dilations) > 0).sum())
    print("dilations", dilations, "field", receptive_field(stack).size, "pixels used", used)
    assert receptive_field(stack).size == (13, 13)

# %%
# With equal dilations only every second row and column is used: the neighbor of the middle pixel has no
# path to the output. With dilations 1, 2 and 3 every pixel has one.
assert (paths((2, 2, 2)) > 0).sum() == 49
assert paths((2, 2, 2))[6, 7] == 0
assert (paths((1, 2, 3)) > 0).all()

fig, axes = drawing.panels(
    1,
    2,
    size=(3.5, 6.8),
    alt="Two 13×13 maps of path counts. Left, dilations 2, 2, 2: every second row and column is zero, 49 "
    "cells are colored. Right, dilations 1, 2, 3: all 169 cells are colored, most strongly in the "
    "middle.",
)
for ax, dilations, words in zip(
    axes, ((2, 2, 2), (1, 2, 3)), ("49 of 169 pixels used", "all 169 pixels used"), strict=True
):
    counts = paths(dilations)
    drawing.grid(counts, ax=ax, limits=(0, 40), cmap="Blues", title=f"dilations {dilations}\n{words}")
plt.show()
