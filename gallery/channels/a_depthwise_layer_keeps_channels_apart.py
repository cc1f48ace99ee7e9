"""
A depthwise layer keeps the colors separate, a full layer adds them
===================================================================

The same Sobel kernel is used two ways on a color photograph. With ``groups=3`` each color gets its own
edges and the result is a color picture. In a full layer the three results are added to one.
"""

# %%
# The color photograph that matplotlib ships.
import matplotlib.pyplot as plt
import torch
from matplotlib.cbook import get_sample_data

from convbook import conv2d, drawing

pixels = plt.imread(get_sample_data("grace_hopper.jpg", asfileobj=False))
photo = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[:, 20:420:2, 60:460:2] / 255

# %%
# Depthwise: weight (3, 1, 3, 3) and groups=3. Full: weight (1, 3, 3, 3), the same kernel for each color.
sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
apart = conv2d(photo, sobel.expand(3, 1, 3, 3), groups=3)
together = conv2d(photo, sobel.expand(1, 3, 3, 3))
print("depthwise", tuple(apart.shape), "  full", tuple(together.shape))
assert torch.allclose(apart.sum(0), together[0], atol=1e-4)

# %%
# Where one color rises and another falls, the sum can be near 0. Take the pixels where the sum is below a
# tenth of the largest single color: what is the largest output of a single color there?
hidden = apart.abs().amax(0).where(together[0].abs() < 0.1 * apart.abs().amax(0), 0)
print(f"largest edge of one color where the sum is near 0: {hidden.max():.2f}")
assert hidden.max() > 0.3

# %%
# The depthwise output as a color picture (gray is 0), the sum on the signed scale.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.6, 6.8),
    alt="A color portrait; its depthwise Sobel output, a gray relief with colored outlines; and the"
    " output of a full layer, one channel, in blue and orange for negative and positive.",
)
axes[0].imshow(photo.permute(1, 2, 0).numpy())
axes[1].imshow((0.5 + apart / 4).clamp(0, 1).permute(1, 2, 0).numpy())
for ax, title in zip(axes, ("photograph", "depthwise: 3 channels"), strict=False):
    ax.set_title(title)
    ax.axis("off")
drawing.signed(together[0], ax=axes[2], limit=6, title="full: 1 channel, the sum")
plt.show()
