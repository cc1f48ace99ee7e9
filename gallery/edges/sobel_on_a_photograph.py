"""
Each of two Sobel kernels finds edges that the other misses
===========================================================

One Sobel kernel measures the change down the rows, the other the change along the columns, and the
magnitude combines both.
"""

# %%
# :func:`convbook.image_gradient` gives both parts, rows before columns, here in gray levels a pixel. The
# border is filled by repeating the outer pixels: zeros would draw a frame around the picture.
import matplotlib.pyplot as plt

from convbook import drawing, image_gradient, magnitude, photograph

X = photograph((225, 192))
rows, columns = image_gradient(X, "sobel", per_pixel=True, padding="same", padding_mode="replicate")
steepness = magnitude(rows, columns)
down, along = rows.abs() > 0.05, columns.abs() > 0.05
only_down, only_along = (down & ~along).sum().item(), (along & ~down).sum().item()
print(
    f"above 0.05 down the rows only: {only_down}, along the columns only: {only_along} of {X.numel()} pixels"
)
assert min(only_down, only_along) > 2000

# %%
# The signed parts share one scale centered on zero: warm where it brightens downward or to the right, cool
# where it darkens.
limit = 0.25
fig, axes = drawing.panels(
    2,
    2,
    size=(7.4, 6.8),
    alt="Four panels: a portrait; its change down the rows, strong at the eyebrows, the brim of the cap and "
    "the shoulders; its change along the columns, strong at the sides of the face and the flag's stripes; "
    "and the magnitude, which shows all outlines bright on black.",
)
drawing.image(X, limits=(0, 1), ax=axes[0], title="photograph")
drawing.signed(
    rows, limit=limit, ax=axes[1], title="change down the rows", colourbar=True, label="gray levels a pixel"
)
drawing.signed(columns, limit=limit, ax=axes[2], title="change along the columns")
drawing.image(steepness, limits=(0, limit), ax=axes[3], title="magnitude: all edges", colourbar=True)
plt.show()
