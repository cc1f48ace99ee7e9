"""
Smoothing first makes an edge larger than the noise
===================================================

Differences increase noise relative to an edge, because noise differs from pixel to pixel. Averaging first
with a Gaussian makes the edge wider and raises the ratio of edge to noise.
"""

# %%
# A step of height 1 in noise of standard deviation 0.5. The ratio is the edge's largest output divided by the
# standard deviation of the noise's output, for Gaussians of width σ and eight draws of the noise.
import matplotlib.pyplot as plt
import torch

from convbook import detect_edges, drawing
from convbook.images import half_plane, noise
from convbook.kernels import gaussian

step = half_plane((121, 81), dtype=torch.float64)
draws = [
    noise((121, 81), 0.5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    for seed in range(8)
]
X = step + draws[0]


def differences(image, sigma):
    smooth = detect_edges(image, gaussian(13, sigma, dtype=torch.float64)) if sigma else image[6:-6, 6:-6]
    return detect_edges(smooth, "central_vertical")


widths = [0, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
ratios = torch.tensor(
    [[(differences(step, w).max() / differences(draw, w).std()).item() for w in widths] for draw in draws]
)
for sigma, mean, spread in zip(widths, ratios.mean(0), ratios.std(0), strict=True):
    print(f"σ = {sigma:4}: ratio {mean:.2f} ± {spread:.2f}")
assert (ratios.diff(dim=1) > 0).all()
assert (ratios[:, -1] > 4 * ratios[:, 0]).all()

# %%
# Both outputs are drawn on a scale from −a to a, where a is 1.5 times the output at the clean edge.
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
drawing.curves(
    widths, {"ratio": ratios.mean(0)}, ax=axes[3], title="edge : noise", xlabel="σ (pixels)", markers=True
)
axes[3].set_ylim(0, None)
plt.show()
