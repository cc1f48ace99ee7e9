"""
A moved image gives a moved output
==================================

The same kernel is used at every place. Shifting the input therefore shifts the output and changes nothing
else, away from the border. This property is called translation equivariance.
"""

# %%
# A digit in the upper left and the same digit further down and to the right, with one kernel.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing
from convbook.images import digit
from convbook.kernels import kernel

down, right = 5, 7
here, there = torch.zeros(20, 21), torch.zeros(20, 21)
here[:12, :10] = digit(4)
there[down : down + 12, right : right + 10] = digit(4)
K = kernel("sobel_vertical")
first, second = corr2d(here, K), corr2d(there, K)
assert torch.equal(second[down:, right:], first[:-down, :-right])

# %%
# Where both outputs show the digit they hold the same numbers, moved by 5 rows and 7 columns.
fig, axes = drawing.panels(
    2,
    2,
    size=(5.6, 5.6),
    alt="The digit 4 at the upper left and, moved by 5 rows and 7 columns, at the lower right; below, their "
    "outputs, the same pattern of warm and cool columns, moved by as much.",
)
for ax, X, title in ((axes[0], here, "input"), (axes[1], there, f"moved by ({down}, {right})")):
    drawing.image(X, limits=(0, 1), ax=ax, title=title)
for ax, Y, title in ((axes[2], first, "output"), (axes[3], second, f"moved by ({down}, {right})")):
    drawing.signed(Y, limit=4, ax=ax, title=title)
plt.show()
