"""
An impulse tells convolution from correlation
=============================================

For an image with a single 1, convolution returns the kernel and correlation returns it turned by 180°. The
layer ``Conv2d`` of torch returns it turned: it correlates.
"""

# %%
# The kernel has no symmetry, so every flip or turn changes it.
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
with torch.no_grad():
    layer.weight[0, 0] = K
assert torch.equal(layer(X[None, None])[0, 0], correlated)

# %%
# The kernel looks like a T. The convolution shows it upright, the correlation upside down.
fig, axes = drawing.panels(
    1,
    4,
    size=(2.3, 6.8),
    column_widths=(5, 3, 3, 3),
    alt="A 5×5 image with a 1 in the middle; a kernel shaped like a T with the numbers 1, 2, 3, 4, 5; its "
    "convolution, the same T; its cross-correlation, the T turned by 180 degrees, 5, 4, 3, 2, 1.",
)
drawing.grid(X, ax=axes[0], role="input", title="impulse")
drawing.grid(K, ax=axes[1], limits=(0, 8), cmap="Oranges", title="kernel")
drawing.grid(convolved, ax=axes[2], limits=(0, 8), cmap="Oranges", title="convolution:\nthe kernel")
drawing.grid(correlated, ax=axes[3], limits=(0, 8), cmap="Oranges", title="correlation:\nturned")
plt.show()
