"""
At the border, a mean depends on which cells are counted
========================================================

The mean of an image of ones shows how the mean is taken: divided by all cells of the window, by its pixels
only, or by what is left of a window that extends beyond the end.
"""

# %%
# All pixels are 1, so a mean over pixels is 1. A mean below 1 was divided by cells that hold no pixel.
import matplotlib.pyplot as plt
import torch

from convbook import avg_pool2d, drawing

ones = torch.ones(1, 5, 5)
counted = avg_pool2d(ones, 3, stride=1, padding=1)[0]
left_out = avg_pool2d(ones, 3, stride=1, padding=1, count_include_pad=False)[0]
assert counted[0, 0] == torch.tensor(4 / 9)
assert counted[0, 2] == torch.tensor(6 / 9)
assert torch.equal(left_out, torch.ones(5, 5))

# %%
# ``ceil_mode`` has one more rule. Windows of 3 columns with stride 3 on six ones, padding 1: the last
# window holds one pixel, one cell of padding, and one cell beyond it. The padding is counted and what is
# beyond is not, so the first mean is (0 + 1 + 1)/3 and the last (1 + 0)/2.
row = torch.ones(1, 1, 6)
last = avg_pool2d(row, (1, 3), stride=(1, 3), padding=(0, 1), ceil_mode=True)[0]
print(last)
torch.testing.assert_close(last, torch.tensor([[2 / 3, 1, 1 / 2]]))

# %%
# The three panels share one scale.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.6, 6.8),
    column_widths=(5, 5, 4),
    alt="Means of an image of ones. Left, padding counted: 0.44 in the corners, 0.67 along the edges, 1 "
    "inside. Middle, padding not counted: 1 everywhere. Right, a row of six ones with a window of three: "
    "0.67, 1, 0.5.",
)
look = {"limits": (0, 1.4), "cmap": "Blues", "fmt": ".2f"}
drawing.grid(counted, ax=axes[0], title="padding counted", **look)
drawing.grid(left_out, ax=axes[1], title="padding not counted", **look)
drawing.grid(last, ax=axes[2], title="six ones, ceil_mode", **look)
plt.show()
