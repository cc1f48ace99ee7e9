"""
A kernel with a single one moves the image
==========================================

Each number of a kernel fetches the image from one side and weighs it, so a lone 1 on the right moves
everything to the left. Every kernel is a sum of such moves.
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
    "in the middle: stays": (2, 2),
    "on the right: goes left": (2, 4),
    "top left: goes down right": (0, 0),
}
results = {name: moved(*place) for name, place in kernels.items()}
assert torch.equal(results["in the middle: stays"][1], X)
assert torch.equal(results["on the right: goes left"][1][:, :-2], X[:, 2:])
assert torch.equal(results["top left: goes down right"][1][2:, 2:], X[:-2, :-2])

# %%
# Correlation reads at the place of the one, and writes in the middle: the image moves the other way.
fig, axes = drawing.panels(
    2,
    3,
    size=(4.9, 6.8),
    row_heights=(1, 1.3),
    alt="Three 5×5 kernels with a single one, in the middle, at the right end of the middle row, and at the "
    "top left, and what each makes of the digit 5: it stays, moves two pixels left, moves two pixels down "
    "and right.",
)
for place, (name, (K, Y)) in enumerate(results.items()):
    drawing.grid(K, ax=axes[place], limits=(0, 1), cmap="Oranges")
    drawing.image(Y, limits=(0, 1), ax=axes[place + 3], title=name)
plt.show()
