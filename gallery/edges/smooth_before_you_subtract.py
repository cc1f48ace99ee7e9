"""
Smooth before you subtract
==========================

Differences amplify noise, because noise differs from pixel to pixel, and an edge hardly does. Averaging
first with a Gaussian costs some sharpness and makes the edge stand out again.
"""

# %%
# A step of height 1 in noise whose standard deviation is half of that. How far does the edge's response
# stand out of the noise's? That ratio is measured for Gaussians of growing width σ.
import matplotlib.pyplot as plt
import torch

from convbook import detect_edges, drawing
from convbook.images import half_plane, noise
from convbook.kernels import gaussian

chance = torch.Generator().manual_seed(0)
step = half_plane((121, 81), dtype=torch.float64)
X = step + noise((121, 81), 0.5, generator=chance, dtype=torch.float64)


def differences(image, sigma):
    smooth = detect_edges(image, gaussian(13, sigma, dtype=torch.float64)) if sigma else image[6:-6, 6:-6]
    return detect_edges(smooth, "central_vertical")


widths = [0, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
ratios = []
for sigma in widths:
    edge = differences(step, sigma).max()
    chaff = differences(X - step, sigma).std()
    ratios.append((edge / chaff).item())
assert ratios == sorted(ratios)
assert ratios[-1] > 4 * ratios[0]

# %%
# All three answers are on scales from −a to a, where a is the clean edge's response times 1.5.
fig, axes = drawing.panels(
    1,
    4,
    size=(2.9, 6.8),
    column_widths=(1, 1, 1, 1.5),
    alt="A noisy step; its plain differences, in which the edge is lost; its differences after smoothing "
    "with σ = 2, in which the edge is a clear vertical band; and the ratio of edge to noise, which grows "
    "from about 1.4 to about 8.",
)
drawing.image(X[6:-6, 7:-7], limits=(-1, 2), ax=axes[0], title="noisy step")
for ax, sigma, title in ((axes[1], 0, "differences"), (axes[2], 2, "smoothed, σ = 2")):
    drawing.signed(
        differences(X, sigma), limit=1.5 * differences(step, sigma).max().item(), ax=ax, title=title
    )
drawing.curves(widths, {"ratio": ratios}, ax=axes[3], title="edge : noise", xlabel="σ (pixels)", markers=True)
axes[3].set_ylim(0, None)
plt.show()
