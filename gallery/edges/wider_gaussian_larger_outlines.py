"""
A wider Gaussian keeps the outlines of large objects only
=========================================================

The output of a Laplacian of a Gaussian is positive on one side of an edge and negative on the other. The
edge is where it changes its sign. The Gaussian's width σ decides how large an object must be to have an
outline.
"""

# %%
# Marr and Hildreth's edge detector :cite:p:`marr1980` is one kernel, then
# :func:`convbook.edges.zero_crossings`. The threshold removes weak crossings. Two discs show the effect of σ
# alone.
import matplotlib.pyplot as plt
import torch

from convbook import detect_edges, drawing, photograph
from convbook.edges import zero_crossings
from convbook.images import disc
from convbook.kernels import laplacian_of_gaussian

discs = torch.zeros(80, 160)
discs[:, :80], discs[:, 80:] = disc(80, radius=2), disc(80, radius=25)
X = photograph((225, 192))
responses, outlines = {}, {}
for sigma in (1, 2, 4):
    K = laplacian_of_gaussian(sigma=sigma)
    responses[sigma] = detect_edges(X, K, padding="same", padding_mode="replicate")
    # The output falls with σ², and so does the threshold.
    outlines[sigma] = zero_crossings(responses[sigma], threshold=0.03 / sigma**2)
    response = detect_edges(discs, K, padding="same", padding_mode="replicate")
    marked = zero_crossings(response, threshold=0.03 / sigma**2)
    small, large = marked[:, :80].sum().item(), marked[:, 80:].sum().item()
    print(f"σ = {sigma}: photograph {outlines[sigma].sum()} pixels, small disc {small}, large disc {large}")

assert small == 0
assert large > 100
assert outlines[1].sum() > 1.4 * outlines[2].sum() > 1.4 * 1.4 * outlines[4].sum()

# %%
# The first panel shows the output at σ = 2: the outlines run exactly between warm and cool.
fig, axes = drawing.panels(
    2,
    2,
    size=(7.6, 6.4),
    alt="The response of a Laplacian of a Gaussian to a portrait, warm and cool on the two sides of each "
    "edge, and its zero crossings as white outlines on black for σ of 1, 2 and 4: many fine lines, then "
    "fewer, then the main shapes only.",
)
drawing.signed(responses[2], limit=0.06, ax=axes[0], title="response, σ = 2", colourbar=True)
for ax, (sigma, crossings) in zip(axes[1:], outlines.items(), strict=True):
    drawing.image(crossings, limits=(0, 1), ax=ax, title=f"zero crossings, σ = {sigma}")
plt.show()
