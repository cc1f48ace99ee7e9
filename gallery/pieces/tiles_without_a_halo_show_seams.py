"""
Tiles without a halo show seams
===============================

A tile that is filtered with zeros around it is dark along its edges. With the rows and columns that
``needed_input`` names, the tiles make up the filtered image exactly.
"""

# %%
# A Gaussian kernel of 15 rows needs seven more rows and columns on each side of a tile.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, kernels, needed_input, photograph, tiles

X = photograph()[:192, 100:292]
K = kernels.gaussian(15, 3.0)


def filtered(piece, rows=(7, 7), columns=(7, 7)):
    return conv2d(piece[None, None], K[None, None], padding=(rows, columns))[0, 0]


# %%
# Both ways cut the output into nine tiles. The first filters 64×64 pixels by themselves; the second reads the
# halo, and pads only at the border of the image.
def by_tiles(with_halo):
    Y = torch.zeros_like(X)
    for top, bottom in tiles(192, 64):
        for left, right in tiles(192, 64):
            if with_halo:
                down, along = (
                    needed_input(run, 192, 15, padding=7) for run in ((top, bottom), (left, right))
                )
                piece = X[down.start : down.stop, along.start : along.stop]
                Y[top:bottom, left:right] = filtered(
                    piece, (down.before, down.after), (along.before, along.after)
                )
            else:
                Y[top:bottom, left:right] = filtered(X[top:bottom, left:right])
    return Y


whole, alone, with_halo = filtered(X), by_tiles(False), by_tiles(True)
wrong, wrong_with_halo = (alone - whole).abs() > 1e-3, with_halo != whole
print(
    f"wrong pixels: {wrong.float().mean():.0%} without a halo, {wrong_with_halo.float().mean():.0%} with it"
)
assert not wrong_with_halo.any()
assert 0.1 < wrong.float().mean() < 0.45
assert not wrong[8:56, 8:56].any()  # the middle of a tile needs no neighbor

# %%
# The seams are dark because the zeros outside of a tile were averaged in.
fig, axes = drawing.panels(
    1,
    2,
    size=(3.6, 6.8),
    alt="The same blurred photograph twice. Left, filtered in nine tiles that were padded with zeros: dark "
    "lines run along the edges of the tiles. Right, filtered with the halo: no lines.",
)
drawing.image(alone, ax=axes[0], limits=(0, 1), title="Each tile padded with zeros")
drawing.image(with_halo, ax=axes[1], limits=(0, 1), title="Each tile with its halo")
plt.show()
