"""
Even kernels lean to one side, odd ones stand upright
=====================================================

An even kernel has no middle pixel, so same padding must put its odd row at one end. Ten layers of a 2×2
average carry a spot five pixels away; ten layers of a 3×3 average leave it in place.
"""

# %%
# A single bright pixel, and the centre of mass of what the layers make of it.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, same_padding
from convbook.images import impulse


def after(layers, k, extra):
    x = impulse((21, 21), (10, 10))[None, None]
    for _ in range(layers):
        x = conv2d(x, torch.full((1, 1, k, k), 1 / k**2), padding=same_padding(k, extra=extra))
    return x[0, 0]


def centre(x):
    rows, columns = torch.arange(21.0), torch.arange(21.0)
    return float((x.sum(1) * rows).sum() / x.sum()), float((x.sum(0) * columns).sum() / x.sum())


# %%
# Half a pixel a layer, in the direction that the padding chose. Torch's "same" is the one with the extra
# row at the end.
cases = {"2×2, row at end": (2, "end"), "2×2, row at start": (2, "start"), "3×3": (3, "end")}
spots = {name: after(10, *case) for name, case in cases.items()}
for name, spot in spots.items():
    print(f"{name:18} centre at row {centre(spot)[0]:.2f}, column {centre(spot)[1]:.2f}")
found = [centre(spot)[0] for spot in spots.values()]
assert abs(found[0] - 5) < 0.01
assert abs(found[1] - 15) < 0.01
assert abs(found[2] - 10) < 0.01

# %%
# The cross marks where the bright pixel was.
fig, axes = drawing.images(
    list(spots.values()),
    list(cases),
    limits=(0, 0.06),
    panel=2.0,
    alt="A bright pixel in the middle of a 21×21 image after ten averaging layers. With 2×2 kernels the"
    " spot has moved five pixels up and left, or down and right; with 3×3 kernels it is centred on "
    "the cross.",
)
for ax in axes:
    ax.plot(10, 10, marker="+", color=drawing.LINES[1], markersize=12, markeredgewidth=2)
plt.show()
