"""
Stride 2 keeps one output in four and computes nothing new
==========================================================

A strided convolution is the ordinary output with rows and columns left out. A 3×3 window moves in steps of
two over a padded 6×6 image, and each sum is written out.
"""

# %%
# A 6×6 image, one ring of zeros around it, and the Sobel kernel.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, cost, drawing, pad

X = torch.tensor(
    [
        [1.0, 1, 0, 0, 2, 2],
        [1, 1, 0, 0, 2, 2],
        [1, 1, 0, 0, 2, 2],
        [0, 0, 3, 3, 0, 0],
        [0, 0, 3, 3, 0, 0],
        [0, 0, 3, 3, 0, 0],
    ]
)
K = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
every = conv2d(X[None, None], K[None, None], padding=1)[0, 0]
some = conv2d(X[None, None], K[None, None], padding=1, stride=2)[0, 0]

# %%
# The strided output equals rows 0, 2, 4 and columns 0, 2, 4 of the full output, and takes a quarter of the
# multiplications. It does not equal rows 1, 3, 5.
assert torch.equal(some, every[::2, ::2])
assert not torch.equal(some, every[1::2, 1::2])
full, strided = cost(6, 3, padding=1, bias=False), cost(6, 3, stride=2, padding=1, bias=False)
assert full.multiply_adds == 4 * strided.multiply_adds
print(f"{full.multiply_adds} multiplications become {strided.multiply_adds}")

# %%
# The animation starts when you start it, and can be stopped at each frame.
setting = {
    "stride": 2,
    "padding": ((1, 1), (1, 1)),
    "titles": ("6×6 input, padding 1", "kernel", "output, stride 2"),
}
axes = drawing.sliding(
    pad(X, 1),
    K,
    some,
    (1, 1),
    alt="An animation of nine frames. A 3×3 window jumps by two cells over a 6×6 image with a ring of "
    "zeros; in each frame its nine products are written out and one of nine outputs fills in.",
    **setting,
)


def draw(step):
    drawing.sliding(pad(X, 1), K, some, divmod(step, 3), axes=axes, **setting)


animation = drawing.animate(axes[0].figure, draw, frames=9, seconds_per_frame=1.2)
plt.show()
