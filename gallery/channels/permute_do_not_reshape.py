"""
Permute the channels, never reshape them
========================================

Cameras put the channels last, torch needs them first. A reshape gives the right shape with scrambled
pixels: it cuts the same list of numbers in other places, so colors and places are mixed.
"""

# %%
# The photograph as it comes from the file: (rows, columns, channels).
import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data

from convbook import conv2d, drawing

pixels = plt.imread(get_sample_data("grace_hopper.jpg", asfileobj=False))
last = torch.from_numpy(pixels[20:420:2, 60:460:2].copy()) / 255
permuted = last.permute(2, 0, 1)
reshaped = last.reshape(3, 200, 200)
assert permuted.shape == reshaped.shape == (3, 200, 200)

# %%
# Shape, mean and the sorted numbers are equal, so these checks find no difference. Yet most numbers are in
# the wrong place.
assert torch.allclose(permuted.mean(), reshaped.mean(), atol=1e-6)
assert torch.equal(permuted.flatten().sort().values, reshaped.flatten().sort().values)
moved = (permuted != reshaped).float().mean()
print(f"{moved:.0%} of the numbers have another value in their place")
assert moved > 0.9

# %%
# The first channel should be the red one. After the reshape it is the top third of the photograph, its
# colors side by side. A layer takes both without an error.
weight = torch.full((4, 3, 3, 3), 0.1)
assert conv2d(permuted, weight).shape == conv2d(reshaped, weight).shape

fig, axes = drawing.panels(
    1,
    4,
    size=(2.0, 6.8),
    alt="A portrait; its red channel after permute, the same portrait in gray; the picture after "
    "reshape, a mosaic of false colors; and its first channel, the top third of the portrait three"
    " times side by side in dots",
)
axes[0].imshow(permuted.permute(1, 2, 0).numpy())
drawing.image(permuted[0], ax=axes[1], limits=(0, 1), title="its channel 0")
axes[2].imshow(reshaped.permute(1, 2, 0).numpy())
drawing.image(reshaped[0], ax=axes[3], limits=(0, 1), title="its channel 0")
for ax, title in ((axes[0], "permute"), (axes[2], "reshape")):
    ax.set_title(title)
    ax.axis("off")
plt.show()
