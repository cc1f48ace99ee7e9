"""
A 1×1 kernel covers one pixel and changes all its channels
==========================================================

A 1×1 convolution multiplies the channels of each pixel by one matrix. Nine numbers turn a photograph to
gray, to sepia, or exchange red and blue.
"""

# %%
# The color photograph that matplotlib ships, as (channels, rows, columns).
import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data

from convbook import conv2d, drawing

pixels = plt.imread(get_sample_data("grace_hopper.jpg", asfileobj=False))
photo = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[:, 20:420:2, 60:460:2] / 255

# %%
# Each matrix is a weight of shape (out, in, 1, 1). Rows are output channels, columns are red, green, blue.
gray = torch.tensor([[0.299, 0.587, 0.114]]).expand(3, 3)
sepia = torch.tensor([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
swap = torch.tensor([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
mixes = {"gray": gray, "sepia": sepia, "red ↔ blue": swap}
mixed = {name: conv2d(photo, matrix[:, :, None, None]) for name, matrix in mixes.items()}

# %%
# Each output pixel is the matrix times the three numbers of the input pixel. Exchanging red and blue twice
# gives the photograph again.
for name, matrix in mixes.items():
    by_pixel = torch.einsum("oc,chw->ohw", matrix, photo)
    assert torch.allclose(mixed[name], by_pixel, atol=1e-5)
assert torch.equal(conv2d(mixed["red ↔ blue"], swap[:, :, None, None]), photo)

# %%
# Values above 1 (the sepia matrix makes some) are shown as 1.
fig, axes = drawing.panels(
    1,
    4,
    size=(2.0, 6.8),
    alt="A color portrait before a blue wall, and the same after three 1×1 convolutions: in gray; in "
    "brown sepia; and with red and blue exchanged, so that the wall is orange and the face blue.",
)
for ax, (name, picture) in zip(axes, {"photograph": photo, **mixed}.items(), strict=True):
    ax.imshow(picture.clamp(0, 1).permute(1, 2, 0).numpy())
    ax.set_title(name)
    ax.axis("off")
plt.show()
