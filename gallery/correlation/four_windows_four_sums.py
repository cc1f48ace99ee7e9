"""
Four windows, four sums
=======================

A 2×2 kernel has four places on a 3×3 image, and each place gives one number: the sum of four products.
"""

# %%
# The numbers 0 to 8, the numbers 0 to 3, and :func:`convbook.corr2d`.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing

X = torch.arange(9).reshape(3, 3)
K = torch.arange(4).reshape(2, 2)
Y = corr2d(X, K)
assert Y.tolist() == [[19, 25], [37, 43]]

# %%
# In each panel the frame is the window, and the line is the sum that it gives.
fig, axes = drawing.panels(
    2,
    4,
    size=(4.2, 6.8),
    row_heights=(1, 1),
    alt="A 3×3 image of the numbers 0 to 8 with a 2×2 window at its four places, and the sum each gives "
    "with the kernel 0, 1, 2, 3: 19, 25, 37, 43. Below, the kernel and the 2×2 output.",
)
for ax, (row, column) in zip(axes, [(0, 0), (0, 1), (1, 0), (1, 1)], strict=False):
    window = X[row : row + 2, column : column + 2]
    terms = " + ".join(
        f"{x}·{k}" for x, k in zip(window.flatten().tolist(), K.flatten().tolist(), strict=True)
    )
    drawing.grid(X, ax=ax, role="input", window=((row, column), (2, 2)), title=f"{Y[row, column]}")
    ax.set_xlabel(terms.replace(" + ", "+"), fontsize=8, color=drawing.INK)
axes[4].axis("off")
drawing.grid(K, ax=axes[5], role="kernel", title="kernel")
drawing.grid(Y, ax=axes[6], role="output", title="output")
axes[7].axis("off")
plt.show()
