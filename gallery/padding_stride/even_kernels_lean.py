"""
Ten 2×2 layers shift an image by five pixels, 3×3 layers by none
================================================================

An even kernel has no middle tap, so same padding puts its odd row at one end. Each 2×2 average then shifts
the image by half a pixel. A 3×3 average shifts nothing.
"""

# %%
# A single bright pixel, and the center of mass of the output.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, same_padding
from convbook.images import impulse


def after(layers, k, extra):
    x = impulse((21, 21), (10, 10))[None, None]
    for _ in range(layers):
        x = conv2d(x, torch.full((1, 1, k, k), 1 / k**2), padding=same_padding(k, extra=extra))
    return x[0, 0]


def center(x):
    rows, columns = torch.arange(21.0), torch.arange(21.0)
    return float((x.sum(1) * rows).sum() / x.sum()), float((x.sum(0) * columns).sum() / x.sum())


# %%
# Half a pixel a layer, toward the side without the extra row. Torch's "same" is the one with the extra row
# at the end.
cases = {"2×2, row at end": (2, "end"), "2×2, row at start": (2, "start"), "3×3": (3, "end")}
spots = {name: after(10, *case) for name, case in cases.items()}
for name, spot in spots.items():
    print(f"{name:18} center at row {center(spot)[0]:.2f}, column {center(spot)[1]:.2f}")
found = [center(spot)[0] for spot in spots.values()]
assert abs(found[0] - 5) < 0.01
assert abs(found[1] - 15) < 0.01
assert abs(found[2] - 10) < 0.01

# %%
# The cross marks the place of the bright pixel in the input, row 10 and column 10.
fig, axes = drawing.images(
    list(spots.values()),
    list(cases),
    limits=(0, 0.06),
    panel=2.0,
    alt="A bright pixel in the middle of a 21×21 image after ten averaging layers. With 2×2 kernels the"
    " spot has moved five pixels up and left, or down and right; with 3×3 kernels it is centered on "
    "the cross.",
)
for ax in axes:
    ax.plot(10, 10, marker="+", color=drawing.LINES[1], markersize=12, markeredgewidth=2)
plt.show()
