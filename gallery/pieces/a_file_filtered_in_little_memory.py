"""
Small tiles read much of the file twice
=======================================

A file is filtered tile by tile in little memory. Every tile reads a halo that its neighbors read too: the
smaller the tile, the more is read twice.
"""

# %%
# The image lies in a file of 4 MB and is read through a memory map; the result is a Zarr array on the disk
# (``pip install convbook[tiles]``).
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

from convbook import conv2d, drawing, needed_input, tiles
from convbook.tiled import filter_file

folder = tempfile.TemporaryDirectory()
image = np.memmap(Path(folder.name) / "image", "float32", "w+", shape=(1024, 1024))
image[:] = np.random.default_rng(0).random((1024, 1024))
K = torch.ones(31, 31) / 31**2

result = filter_file(image, Path(folder.name) / "result", K, tile=512, progress=False)
in_memory = conv2d(torch.from_numpy(np.array(image))[None, None], K[None, None], padding="same")[0, 0]
assert np.array_equal(result[:], in_memory.numpy())
print(f"{result.nchunks} tiles, the same bits as in memory")
folder.cleanup()


# %%
# What is read depends on the tile alone; counting needs no image.
def read_twice(tile, kernel, size=32768):
    pieces = (needed_input(run, size, kernel, padding=kernel // 2) for run in tiles(size, tile))
    return (sum(piece.stop - piece.start for piece in pieces) / size) ** 2 - 1


sides = [64, 128, 256, 512, 1024, 2048]
share = {f"{k}×{k} kernel": [100 * read_twice(side, k) for side in sides] for k in (3, 9, 31)}
for name, values in share.items():
    print(name, " ".join(f"{value:.1f} %" for value in values))
    assert values == sorted(values, reverse=True)
assert share["31×31 kernel"][0] > 100 > 10 > share["31×31 kernel"][-1]

# %%
# With 64-pixel tiles a 31×31 kernel reads the file more than twice; with 2048-pixel tiles 3 % come on top.
fig, axes = drawing.panels(
    1,
    1,
    size=(3.2, 6.8),
    alt="Pixels read more than once, in percent of the image, against the side of a tile from 64 to 2048, "
    "for kernels of 3, 9 and 31 rows. All curves fall; for 31 rows from above 100 percent to 3 percent.",
)
drawing.curves(
    sides,
    share,
    ax=axes[0],
    title="Larger tiles read less twice",
    xlabel="side of a tile, pixels",
    ylabel="read again, % of the image",
    xscale="log",
    yscale="log",
    markers=True,
)
plt.show()
