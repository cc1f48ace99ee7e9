"""
Same padding does not use all pixels equally
============================================

Padding 1 keeps the size of the image under a 3×3 kernel, but a corner pixel is still read 4 times and a
pixel in the middle 9 times. Only full padding is fair, and it makes the output larger.
"""

# %%
# Count, for each pixel of a 7×9 image, the windows that read it. :func:`convbook.pixel_uses` needs no
# image for that: it is arithmetic on sizes.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d_input, drawing, output_size, pixel_uses

uses = {p: torch.tensor(pixel_uses((7, 9), 3, padding=p)) for p in (0, 1, 2)}
assert uses[0][0, 0] == 1
assert uses[0].max() == 9
assert (uses[1][0, 0], uses[1][0, 4], uses[1][3, 4]) == (4, 6, 9)
assert (uses[2] == 9).all()

# %%
# The same count without counting: let every output ask for more of every pixel, and look how much each is
# asked for. That is the gradient of the outputs' sum under a kernel of ones.
for p, count in uses.items():
    size = output_size((7, 9), 3, padding=p)
    asked = conv2d_input((1, 1, 7, 9), torch.ones(1, 1, 3, 3), torch.ones(1, 1, *size), padding=p)
    assert torch.equal(asked[0, 0].long(), count)

# %%
# One scale for the three panels.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.3, 6.8),
    alt="How many 3×3 windows read each pixel of a 7×9 image. Padding 0: 1 in the corners to 9 inside. "
    "Padding 1: 4 in the corners, 6 along the edges, 9 inside. Padding 2: 9 everywhere.",
)
for ax, (p, count) in zip(axes, uses.items(), strict=True):
    rows, columns = output_size((7, 9), 3, padding=p)
    drawing.grid(count, ax=ax, limits=(0, 18), cmap="Blues", title=f"padding {p}: output {rows}×{columns}")
plt.show()
