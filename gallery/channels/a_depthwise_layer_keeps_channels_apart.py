"""
Depthwise keeps the colours apart, a full layer sums them
=========================================================

The same Sobel kernel, used two ways on a colour photograph. With groups=3 each colour gets its own edges
and the result is a colour picture; in a full layer the three are added to one.
"""

# %%
# The colour photograph that matplotlib ships.
import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data

from convbook import conv2d, drawing

pixels = plt.imread(get_sample_data("grace_hopper.jpg", asfileobj=False))
photo = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[:, 20:420:2, 60:460:2] / 255

# %%
# Depthwise: weight (3, 1, 3, 3) and groups=3. Full: weight (1, 3, 3, 3), the same kernel for each colour.
sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
apart = conv2d(photo, sobel.expand(3, 1, 3, 3), groups=3)
together = conv2d(photo, sobel.expand(1, 3, 3, 3))
print("depthwise", tuple(apart.shape), "  full", tuple(together.shape))
assert torch.allclose(apart.sum(0), together[0], atol=1e-4)

# %%
# Where colours change against each other, the sum hides it: the largest response of a single colour where
# the sum is below a tenth of it.
hidden = apart.abs().amax(0).where(together[0].abs() < 0.1 * apart.abs().amax(0), 0)
print(f"largest hidden edge: {hidden.max():.2f}")
assert hidden.max() > 0.3

# %%
# Depthwise responses as a colour picture (grey means no edge), the sum on the signed scale.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.6, 6.8),
    alt="A colour portrait; its depthwise Sobel response, a grey relief with coloured outlines; and the"
    " response of a full layer, a relief in blue and orange without colours of its own.",
)
axes[0].imshow(photo.permute(1, 2, 0).numpy())
axes[1].imshow((0.5 + apart / 4).clamp(0, 1).permute(1, 2, 0).numpy())
for ax, title in zip(axes, ("photograph", "depthwise: 3 channels"), strict=False):
    ax.set_title(title)
    ax.axis("off")
drawing.signed(together[0], ax=axes[2], limit=6, title="full: 1 channel, the sum")
plt.show()
