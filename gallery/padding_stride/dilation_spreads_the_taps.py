"""
Dilation spreads nine taps over a wider field
=============================================

With dilation 2 a 3×3 kernel reads every second cell, so nine numbers reach over 5×5 cells. Watch which
cells it multiplies; the hatched ones in between it never reads at that stop.
"""

# %%
# An image of whole numbers and a kernel of ones and minus ones, so that each sum can be checked in the
# head.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, effective_kernel_size

X = torch.tensor([[(3 * i + 2 * j) % 10 for j in range(8)] for i in range(6)]).float()
K = torch.tensor([[1.0, 0, -1], [0, 2, 0], [-1, 0, 1]])
Y = conv2d(X[None, None], K[None, None], dilation=2)[0, 0]
assert effective_kernel_size(3, dilation=2) == (5, 5)
assert Y.shape == (2, 4)

# %%
# The same numbers come from an ordinary 5×5 kernel with zeros between the nine.
wide = torch.zeros(5, 5)
wide[::2, ::2] = K
assert torch.equal(conv2d(X[None, None], wide[None, None])[0, 0], Y)
print(wide)

# %%
# Eight stops. Blue cells are multiplied, hatched cells are passed over.
look = {"dilation": 2, "titles": ("input", "kernel, dilation 2", "output")}
axes = drawing.sliding(
    X,
    K,
    Y,
    (0, 1),
    alt="An animation of eight frames. A frame of 5×5 cells moves over a 6×8 image. Nine cells in it, "
    "every second one, are blue and multiplied by the 3×3 kernel; the sixteen between them are "
    "hatched. The output has 2×4 cells.",
    **look,
)
fig = axes[0].figure


def draw(step):
    drawing.sliding(X, K, Y, divmod(step, 4), axes=axes, **look)


animation = drawing.animate(fig, draw, frames=8, seconds_per_frame=1.2)
plt.show()
