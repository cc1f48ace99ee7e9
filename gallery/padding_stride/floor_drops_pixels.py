"""
The floor in the size formula leaves the last rows unused
=========================================================

Where the stride does not divide the remaining rows, no window covers the last rows and columns. Changing
every pixel there does not change the output, and no error is raised.
"""

# %%
# An 8×8 image, a 3×3 kernel, stride 3: windows start at rows 0 and 3; the next would end outside.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, output_size, pixel_uses

torch.manual_seed(0)
X = torch.randint(0, 10, (1, 1, 8, 8)).float()
K = torch.randint(-3, 4, (1, 1, 3, 3)).float()
Y = conv2d(X, K, stride=3)
assert output_size(8, 3, stride=3) == (2, 2)

# %%
# Put 1000 into every pixel that no window covers: the output stays. Put it into one used pixel: it changes.
never = torch.tensor(pixel_uses(8, 3, stride=3)) == 0
spoiled = X.clone()
spoiled[0, 0, never] = 1000
assert torch.equal(conv2d(spoiled, K, stride=3), Y)
used = X.clone()
used[0, 0, 5, 5] = 1000
assert not torch.equal(conv2d(used, K, stride=3), Y)
print(f"{never.sum()} of {never.numel()} pixels changed, 0 outputs changed")

# %%
# With one row and one column of padding at the end, every pixel is used.
kept = conv2d(X, K, stride=3, padding=((0, 1), (0, 1)))
assert kept.shape[2:] == (3, 3)
assert all(count for line in pixel_uses(8, 3, stride=3, padding=((0, 1), (0, 1))) for count in line)

# %%
# Gray cells are pixels that no window covers.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.7, 6.8),
    column_widths=[8, 3, 4],
    alt="An 8×8 image whose last two rows and columns, 28 pixels, are gray: no window covers them. The "
    "output has 2×2 cells. With one row and column of padding at the end it has 3×3.",
)
drawing.grid(
    X[0, 0],
    ax=axes[0],
    role="input",
    padding=((0, 2), (0, 2)),
    window=((3, 3), (3, 3)),
    title="gray: in no window",
)
drawing.grid(Y[0, 0], ax=axes[1], role="output", marked=[(1, 1)], title="output")
drawing.grid(kept[0, 0], ax=axes[2], role="output", title="padded")
plt.show()
