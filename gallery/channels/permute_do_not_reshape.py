"""
Permute the channels, never reshape them
========================================

Cameras put the channels last, torch wants them first. Reshape gives the right shape and scrambled pixels:
it reads the same numbers in another order, so colours and places are mixed up.
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
# Same shape, same numbers, same mean: no check of the usual kind sees a difference. Most numbers stand in
# the wrong place.
assert torch.allclose(permuted.mean(), reshaped.mean(), atol=1e-6)
assert torch.equal(permuted.flatten().sort().values, reshaped.flatten().sort().values)
moved = (permuted != reshaped).float().mean()
print(f"{moved:.0%} of the numbers have another value in their place")
assert moved > 0.9

# %%
# The first channel should be the red one: it is a picture in itself. Reshaped, "red" is the top third of
# the photograph, its colours side by side. The layer is happy with both.
weight = torch.full((4, 3, 3, 3), 0.1)
assert conv2d(permuted, weight).shape == conv2d(reshaped, weight).shape

fig, axes = drawing.panels(
    1,
    4,
    size=(2.0, 6.8),
    alt="A portrait; its red channel after permute, the same portrait in grey; the picture after "
    "reshape, a mosaic of false colours; and its first channel, the top third of the portrait three"
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
