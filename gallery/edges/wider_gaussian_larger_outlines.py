"""
A wider Gaussian keeps the large outlines only
==============================================

The Laplacian of a Gaussian is positive on one side of an edge and negative on the other, so that the edge is
where it passes zero. The Gaussian's width σ decides how large a thing must be to have an outline.
"""

# %%
# Marr and Hildreth's edge detector :cite:p:`marr1980`: one kernel, then
# :func:`convbook.edges.zero_crossings`. The threshold drops crossings that are too faint to be an edge.
import matplotlib.pyplot as plt

from convbook import detect_edges, drawing, photograph
from convbook.edges import zero_crossings
from convbook.kernels import laplacian_of_gaussian

X = photograph((225, 192))
responses, outlines = {}, {}
for sigma in (1, 2, 4):
    K = laplacian_of_gaussian(sigma=sigma)
    responses[sigma] = detect_edges(X, K, padding="same", padding_mode="replicate")
    # The response falls with σ², and so does the threshold.
    outlines[sigma] = zero_crossings(responses[sigma], threshold=0.03 / sigma**2)
    print(f"σ = {sigma}: kernel {K.shape[0]}×{K.shape[1]}, {outlines[sigma].sum().item()} pixels on outlines")

assert outlines[1].sum() > 1.4 * outlines[2].sum() > 1.4 * 1.4 * outlines[4].sum()

# %%
# First the response at σ = 2 with its two signs: the outlines run exactly between warm and cool.
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
