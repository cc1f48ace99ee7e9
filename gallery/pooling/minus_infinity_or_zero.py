"""
Padding max pooling with zeros adds values that are not in the image
====================================================================

A border of zeros is larger than every negative number, so the pooled map gets a frame of zeros. −∞ is
smaller than every number, so the border cells are maxima of pixels.
"""

# %%
# An image of negative numbers. A window of 3×3 with padding 1 covers one cell beyond the border.
import matplotlib.pyplot as plt
import torch

from convbook import drawing, max_pool2d, pad

X = torch.tensor([[-9.0, -3, -8, -6, -7], [-7, -5, -6, -9, -4], [-8, -6, -9, -7, -5], [-4, -9, -7, -8, -6]])
with_infinity = max_pool2d(X[None], 3, stride=1, padding=1)[0]
with_zeros = max_pool2d(pad(X[None], 1), 3, stride=1)[0]
print(with_infinity)
print(with_zeros)

# %%
# Inside, both are equal. On the border all fourteen numbers are 0 with zeros; with −∞ they are pixels.
inside = (slice(1, -1), slice(1, -1))
assert torch.equal(with_zeros[inside], with_infinity[inside])
assert (with_zeros == 0).sum() == 14
assert with_infinity.max() == X.max() == -3

# %%
# Darker blue is more negative, and white is zero. The frames mark the zeros.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.7, 6.8),
    alt="Three grids of 4×5 numbers. Left, the image, all negative. Middle, max pooling with −∞ outside: all "
    "negative, from −6 to −3. Right, with zeros outside: the same inside, and a frame of zeros.",
)
look = {"limits": (-9, 9), "cmap": drawing.SIGNED}
drawing.grid(X, ax=axes[0], title="image", **look)
drawing.grid(with_infinity, ax=axes[1], title="largest of 3×3, −∞ outside", **look)
frame = [(i, j) for i in range(4) for j in range(5) if with_zeros[i, j] == 0]
drawing.grid(with_zeros, ax=axes[2], title="zeros outside: a frame", marked=frame, **look)
plt.show()
