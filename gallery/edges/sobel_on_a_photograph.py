"""
Two derivatives find all edges of a photograph
==============================================

One Sobel kernel sees what changes down the rows, the other what changes along the columns, and their length
sees both. The flag's stripes and the glasses show which is which.
"""

# %%
# :func:`convbook.image_gradient` gives both parts, rows before columns, here in grey levels a pixel. The
# border is filled by repeating the outer pixels: zeros would draw a frame around the picture.
import matplotlib.pyplot as plt

from convbook import drawing, image_gradient, magnitude, photograph

X = photograph((225, 192))
rows, columns = image_gradient(X, "sobel", per_pixel=True, padding="same", padding_mode="replicate")
steepness = magnitude(rows, columns)
assert (steepness >= rows.abs()).all()
assert (steepness >= columns.abs()).all()

# %%
# Signed parts share one scale centred on zero: warm where it brightens downwards or to the right, cool where
# it darkens.
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
    rows, limit=limit, ax=axes[1], title="change down the rows", colourbar=True, label="grey levels a pixel"
)
drawing.signed(columns, limit=limit, ax=axes[2], title="change along the columns")
drawing.image(steepness, limits=(0, limit), ax=axes[3], title="magnitude: all edges", colourbar=True)
plt.show()

# %%
# How many pixels each finds, at a twentieth of the way from black to white a pixel:
for name, part in {"rows": rows, "columns": columns, "magnitude": steepness}.items():
    print(f"{name:10s}{(part.abs() > 0.05).sum().item():6d} of {X.numel()} pixels")
