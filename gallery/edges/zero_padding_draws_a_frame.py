"""
Zero padding adds an edge along the border
==========================================

Zero padding is black, so a bright image has an edge along its border. Repeating the outer pixels adds none.
"""

# %%
# The photograph's negative, so that its border is bright, with the two kinds of padding.
import matplotlib.pyplot as plt

from convbook import detect_edges, drawing, photograph

X = 1 - photograph((150, 128))
answers = {
    "zeros": detect_edges(X, "sobel", padding=1),
    "replicate": detect_edges(X, "sobel", padding=1, padding_mode="replicate"),
}
inside = (slice(1, -1), slice(1, -1))
assert (answers["zeros"][inside] - answers["replicate"][inside]).abs().max() < 1e-5
top = {name: Y[0].mean().item() for name, Y in answers.items()}
assert top["zeros"] > 5 * top["replicate"]

# %%
# The upper right corner, enlarged. Inside, both outputs are equal; along the border, the output with zeros is
# wrong.
corner = (slice(0, 44), slice(84, 128))
fig, axes = drawing.panels(
    1,
    3,
    size=(2.6, 6.8),
    alt="The upper right corner of a negative of a portrait, and its Sobel magnitude twice. With zero "
    "padding a dark line runs "
    f"along the top and the right, {top['zeros']:.1f} on average; with replicated pixels there is none, "
    f"{top['replicate']:.1f}.",
)
drawing.image(X[corner], limits=(0, 1), ax=axes[0], title="image, upper right")
for ax, (name, Y) in zip(axes[1:], answers.items(), strict=True):
    title = f"{name}: {top[name]:.1f} on top"
    drawing.image(
        Y[corner],
        limits=(0, 4),
        cmap="gray_r",
        ax=ax,
        title=title,
        colourbar=ax is axes[2],
        label="Sobel magnitude",
    )
plt.show()
