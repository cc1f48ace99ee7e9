"""
With dilation 2, nine taps reach over 5×5 cells
===============================================

With dilation 2 a 3×3 kernel multiplies every second row and column of a window. Nine weights reach over 5×5
cells. The blue cells are multiplied; the hatched cells between them are not used by that window.
"""

# %%
# An image of whole numbers and a kernel of small whole numbers, so that each sum can be checked by hand.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, effective_kernel_size

X = torch.tensor([[(3 * i + 2 * j) % 10 for j in range(8)] for i in range(6)]).float()
K = torch.tensor([[1.0, 0, -1], [0, 2, 0], [-1, 0, 1]])
Y = conv2d(X[None, None], K[None, None], dilation=2)[0, 0]
assert effective_kernel_size(3, dilation=2) == (5, 5)
assert Y.shape == (2, 4)

# %%
# A 5×5 kernel with zeros between the nine weights gives the same output. The same nine weights without
# dilation do not.
wide = torch.zeros(5, 5)
wide[::2, ::2] = K
print(wide)
assert torch.equal(conv2d(X[None, None], wide[None, None])[0, 0], Y)
assert not torch.equal(conv2d(X[None, None], K[None, None])[0, 0, :2, :4], Y)

# %%
# Eight windows, one for each output. Blue cells are multiplied; hatched cells are not used.
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
