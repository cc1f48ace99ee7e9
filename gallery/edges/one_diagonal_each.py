"""
A diagonal kernel gives 0 at edges along its own diagonal
=========================================================

Roberts's two kernels of 2×2 numbers subtract along one diagonal, so an edge along that diagonal gives
exactly 0. Each kernel finds the edge at which the other gives 0.
"""

# %%
# Two images with one diagonal edge each, and the two kernels. "roberts_diagonal" takes the difference of the
# pixel on the upper right and the one on the lower left; along the other diagonal those two have the same
# gray.
import matplotlib.pyplot as plt

from convbook import KERNELS, detect_edges, drawing
from convbook.images import diagonal_edge

images = {"main diagonal": diagonal_edge(6), "other diagonal": diagonal_edge(6, anti=True)}
names = ("roberts_diagonal", "roberts_antidiagonal")
for place, X in enumerate(images.values()):
    assert detect_edges(X, names[place]).max() == 1
    assert (detect_edges(X, names[1 - place]) == 0).all()

# %%
# Each row shows an image and its output for each of the two kernels.
fig, axes = drawing.panels(
    3,
    3,
    size=(6.2, 6.8),
    row_heights=(0.7, 1, 1),
    alt="Above, the two kernels: 0, 1 over −1, 0, and −1, 0 over 0, 1. Below, an edge along the main "
    "diagonal gives ones along it with the first kernel and zeros with the second; an edge along the other "
    "diagonal does the reverse.",
)
axes[0].axis("off")
drawing.kernel(KERNELS[names[0]], limit=1, ax=axes[1], title=names[0])
drawing.kernel(KERNELS[names[1]], limit=1, ax=axes[2], title=names[1])
for row, (title, X) in enumerate(images.items(), start=1):
    drawing.grid(X, ax=axes[3 * row], limits=(0, 1), title=title)
    for column, name in enumerate(names, start=1):
        Y = detect_edges(X, name)
        seen = "found" if Y.any() else "0 everywhere"
        drawing.grid(Y, ax=axes[3 * row + column], limits=(-1, 1), cmap=drawing.SIGNED, title=seen)
plt.show()
