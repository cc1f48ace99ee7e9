"""
With same padding a corner is used 4 times, an inner pixel 9 times
==================================================================

Padding 1 keeps the size of the image under a 3×3 kernel. A corner pixel is still covered by 4 windows and a
pixel in the middle by 9. With full padding every pixel is covered by 9, and the output is larger than the
image.
"""

# %%
# Count, for each pixel of a 7×9 image, the windows that cover it. :func:`convbook.pixel_uses` computes this
# from the sizes alone.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d_input, drawing, output_size, pixel_uses

uses = {p: torch.tensor(pixel_uses((7, 9), 3, padding=p)) for p in (0, 1, 2)}
assert uses[0][0, 0] == 1
assert uses[0].max() == 9
assert (uses[1][0, 0], uses[1][0, 4], uses[1][3, 4]) == (4, 6, 9)
assert (uses[2] == 9).all()

# %%
# A second way to count: the gradient of the sum of all outputs, under a kernel of ones, adds 1 to a pixel
# for each window that covers it.
for p, count in uses.items():
    size = output_size((7, 9), 3, padding=p)
    counted = conv2d_input((1, 1, 7, 9), torch.ones(1, 1, 3, 3), torch.ones(1, 1, *size), padding=p)
    assert torch.equal(counted[0, 0].long(), count)

# %%
# The three panels share one scale: darker cells are used more often.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.3, 6.8),
    alt="How many 3×3 windows cover each pixel of a 7×9 image. Padding 0: 1 in the corners to 9 inside. "
    "Padding 1: 4 in the corners, 6 along the edges, 9 inside. Padding 2: 9 everywhere.",
)
for ax, (p, count) in zip(axes, uses.items(), strict=True):
    rows, columns = output_size((7, 9), 3, padding=p)
    drawing.grid(count, ax=ax, limits=(0, 18), cmap="Blues", title=f"padding {p}: output {rows}×{columns}")
plt.show()
