"""
An impulse tells convolution from correlation
=============================================

On an image with a single one, convolution gives the kernel back as it is, and correlation gives it turned by
180°. A layer called "Conv2d" gives it turned: it correlates.
"""

# %%
# A kernel without any symmetry, so that no turn goes unnoticed.
import matplotlib.pyplot as plt
import torch

from convbook import convolve2d, corr2d, drawing
from convbook.images import impulse

X = impulse(5)
K = torch.tensor([[1.0, 2, 3], [0, 4, 0], [0, 5, 0]])
correlated, convolved = corr2d(X, K), convolve2d(X, K)
assert torch.equal(convolved, K)
assert torch.equal(correlated, K.flip(0, 1))

layer = torch.nn.Conv2d(1, 1, 3, bias=False)
layer.weight.data[0, 0] = K
assert torch.equal(layer(X[None, None])[0, 0], correlated)

# %%
# The kernel looks like a T. Only the convolution leaves it standing.
fig, axes = drawing.panels(
    1,
    4,
    size=(2.3, 6.8),
    column_widths=(5, 3, 3, 3),
    alt="A 5×5 image with a one in the middle; a kernel shaped like a T with the numbers 1, 2, 3, 4, 5; its "
    "convolution, the same T; its cross-correlation, the T turned by 180 degrees, 5, 4, 3, 2, 1.",
)
drawing.grid(X, ax=axes[0], role="input", title="impulse")
drawing.grid(K, ax=axes[1], limits=(0, 8), cmap="Oranges", title="kernel")
drawing.grid(convolved, ax=axes[2], limits=(0, 8), cmap="Oranges", title="convolution:\nthe kernel")
drawing.grid(correlated, ax=axes[3], limits=(0, 8), cmap="Oranges", title="correlation:\nturned")
plt.show()
