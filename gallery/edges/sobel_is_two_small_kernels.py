"""
Sobel is a difference times an average
======================================

The nine numbers of Sobel's kernel are a column of three times a row of three: it subtracts across the edge
and averages along it. Two small correlations give the output of the 3×3 kernel.
"""

# %%
# The two parts are correlated one after the other; the result is the same to the last digit, in whole
# numbers.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing
from convbook.images import noise
from convbook.kernels import kernel

smooth = torch.tensor([[1], [2], [1]])
subtract = torch.tensor([[-1, 0, 1]])
sobel = kernel("sobel_vertical", dtype=torch.int64)
assert torch.equal(smooth * subtract, sobel)

chance = torch.Generator().manual_seed(0)
X = (100 * noise((9, 12), generator=chance)).long()
assert torch.equal(corr2d(corr2d(X, smooth), subtract), corr2d(X, sobel))

# %%
# Each output needs 3 + 3 multiplications instead of 9, and for a k×k kernel 2k instead of k².
fig, axes = drawing.panels(
    1,
    5,
    size=(2.3, 6.8),
    column_widths=(1, 0.5, 3, 0.5, 3),
    alt="A column 1, 2, 1 times a row −1, 0, 1 is the Sobel kernel: −1, 0, 1 in the first row, −2, 0, 2 in "
    "the second, −1, 0, 1 in the third.",
)
drawing.kernel(smooth, limit=2, ax=axes[0], title="average\nalong")
drawing.kernel(subtract, limit=2, ax=axes[2], title="subtract across")
drawing.kernel(sobel, limit=2, ax=axes[4], title="Sobel")
for ax, sign in ((axes[1], "×"), (axes[3], "=")):
    ax.axis("off")
    drawing.text(ax, sign, size=18)
plt.show()
