"""
A kernel with a single 1 moves the image
========================================

A kernel with a single 1 copies one pixel of each window, so a 1 on the right moves the image to the left.
Every kernel is a sum of such kernels, each multiplied by a number.
"""

# %%
# The digit 5, and three kernels with one number each.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing
from convbook.images import digit

X = digit(5)


def moved(row, column):
    K = torch.zeros(5, 5)
    K[row, column] = 1
    return K, conv2d(X[None, None], K[None, None], padding=2)[0, 0]


kernels = {
    "in the middle: copies": (2, 2),
    "on the right: moves left": (2, 4),
    "top left: moves down, right": (0, 0),
}
results = {name: moved(*place) for name, place in kernels.items()}
assert torch.equal(results["in the middle: copies"][1], X)
assert torch.equal(results["on the right: moves left"][1][:, :-2], X[:, 2:])
assert torch.equal(results["top left: moves down, right"][1][2:, 2:], X[:-2, :-2])

# %%
# The output in the middle of a window shows the pixel under the 1, so the image moves in the opposite
# direction.
fig, axes = drawing.panels(
    2,
    3,
    size=(4.9, 6.8),
    row_heights=(1, 1.3),
    alt="Three 5×5 kernels with a single 1, in the middle, at the right end of the middle row, and at the "
    "top left, and what each makes of the digit 5: it stays, moves two pixels left, moves two pixels down "
    "and right.",
)
for place, (name, (K, Y)) in enumerate(results.items()):
    drawing.grid(K, ax=axes[place], limits=(0, 1), cmap="Oranges")
    drawing.image(Y, limits=(0, 1), ax=axes[place + 3], title=name)
plt.show()
