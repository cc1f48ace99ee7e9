"""
Two channels go in, one sum comes out
=====================================

A convolution layer correlates each channel with its own kernel and adds the results. Two channels with a
kernel each give one output.
"""

# %%
# Two channels of whole numbers and two kernels. The first output is 19 + 37 = 56.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, corr2d_multi_in, drawing

X = torch.stack([torch.arange(12).reshape(3, 4), torch.arange(12).reshape(3, 4) % 5])
K = torch.tensor([[[0, 1], [2, 3]], [[1, -1], [-1, 1]]])
apart = [corr2d(x, k) for x, k in zip(X, K, strict=True)]
Y = corr2d_multi_in(X, K)
assert torch.equal(Y, apart[0] + apart[1])

# %%
# Each frame is one window. At the left the windows, at the right the two results and their sum.
fig, axes = drawing.panels(
    2,
    4,
    size=(3.6, 6.8),
    column_widths=[4, 2, 3, 3],
    alt="An animation of six frames. In two 3×4 channels the same window is framed. Each channel's "
    "kernel gives a number; the two numbers are added in the output at the right.",
)


def draw(step):
    row, column = divmod(step, 3)
    later = [(i, j) for i in range(2) for j in range(3) if (i, j) > (row, column)]
    for ax in axes:
        ax.clear()
    for c in (0, 1):
        one, two, three = axes[4 * c : 4 * c + 3]
        drawing.grid(X[c], ax=one, role="input", window=((row, column), (2, 2)), title=f"channel {c}")
        drawing.grid(K[c], ax=two, role="kernel", title=f"kernel {c}")
        drawing.grid(apart[c], ax=three, marked=[(row, column)], hidden=later, title=f"alone {c}")
    drawing.grid(Y, ax=axes[3], role="output", marked=[(row, column)], hidden=later, title="the sum")
    axes[7].axis("off")
    first, second = (drawing.number(part[row, column]) for part in apart)
    second = f"({second})" if second.startswith("−") else second
    drawing.text(axes[7], f"{first} + {second}\n= {drawing.number(Y[row, column])}", size=12)


animation = drawing.animate(fig, draw, frames=6, seconds_per_frame=1.2)
plt.show()
