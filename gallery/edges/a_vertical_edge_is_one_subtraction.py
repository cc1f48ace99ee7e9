"""
A vertical edge is one subtraction
==================================

The kernel [1, −1] subtracts from each pixel its right neighbor. White to black gives 1, black to white
gives −1, and flat areas give 0.
"""

# %%
# The image has six equal rows: white, four black columns, white. :func:`convbook.corr2d` slides the kernel
# over it.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, edge_image

X = edge_image()
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
assert Y.tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6

# %%
# The output is one column narrower than the image: eight pixels have seven pairs of neighbors.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.9, 6.8),
    column_widths=(8, 2.4, 7),
    alt="Left, the 6×8 image: ones, with zeros in columns 2 to 5. Middle, the kernel 1, −1. Right, the 6×7 "
    "output: zero except for a column of 1 at the left edge and a column of −1 at the right edge.",
)
drawing.grid(X, ax=axes[0], role="input", title="input", window=((2, 1), (1, 2)))
drawing.kernel(K, limit=1, ax=axes[1], title="kernel")
drawing.grid(
    Y, ax=axes[2], limits=(-1, 1), cmap=drawing.SIGNED, title="output: only the edges", marked=[(2, 1)]
)
plt.show()

# %%
# The transposed image has only horizontal edges, and the same kernel gives only zeros: it compares neighbors
# in a row, and those are equal now.
assert torch.equal(corr2d(X.T, K), torch.zeros(8, 5))
print(corr2d(X.T, K))
