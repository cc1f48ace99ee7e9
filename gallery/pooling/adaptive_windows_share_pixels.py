"""
Adaptive windows share a pixel where n/m is not a whole number
==============================================================

Ask for four outputs from ten columns. Each window covers ⌊10·i / 4⌋ up to, but not including, ⌈10·(i + 1) /
4⌉, so neighboring windows share a column where 10·i / 4 is not a whole number.
"""

# %%
# Which columns does each output depend on? The gradient of a mean is not zero exactly in its window.
import matplotlib.pyplot as plt
import torch

from convbook import adaptive_avg_pool2d, drawing


def windows(n, outputs):
    """Row i has 1 where output i depends on a column."""
    X = torch.zeros(1, 1, n)
    used = torch.autograd.functional.jacobian(lambda x: adaptive_avg_pool2d(x, (1, outputs))[0, 0], X)
    return (used[:, 0, 0] > 0).float()


for outputs in (5, 4, 3):
    print(outputs, "outputs depend on", windows(10, outputs).sum(1).int().tolist(), "columns")
assert windows(10, 5).sum(1).tolist() == [2] * 5
assert windows(10, 4).sum(1).tolist() == [3, 3, 3, 3]
assert windows(10, 3).sum(1).tolist() == [4, 4, 4]

# %%
# Five outputs divide the columns evenly. With four, column 2 belongs to outputs 0 and 1, and column 7 to
# outputs 2 and 3. Outputs 1 and 2 share no column, since 10·2 / 4 = 5 is a whole number.
shared = windows(10, 4).sum(0)
assert shared.tolist() == [1, 1, 2, 1, 1, 1, 1, 2, 1, 1]

fig, axes = drawing.panels(
    3,
    1,
    size=(4.2, 6.0),
    row_heights=(5, 4, 3),
    alt="Three tables with ten columns. With five outputs each has two columns of its own. With four "
    "outputs each has three, and columns 2 and 7 belong to two outputs. With three outputs each has "
    "four, and columns 3 and 6 belong to two.",
)
for ax, outputs in zip(axes, (5, 4, 3), strict=True):
    table = windows(10, outputs)
    twice = [(i, j) for i in range(outputs) for j in range(10) if table[i, j] and table[:, j].sum() == 2]
    drawing.grid(
        table, ax=ax, limits=(0, 2), cmap="Blues", marked=twice, title=f"{outputs} outputs of 10 columns"
    )
plt.show()
