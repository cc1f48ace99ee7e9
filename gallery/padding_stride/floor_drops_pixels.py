"""
The floor drops the last rows without a word
============================================

Where the stride does not divide the room that is left, the last rows and columns are never read. Change
every pixel there: the output does not change.
"""

# %%
# An 8×8 image, a 3×3 kernel, stride 3: windows start at 0 and 3, and the next would end outside.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, output_size, pixel_uses

torch.manual_seed(0)
X = torch.randint(0, 10, (1, 1, 8, 8)).float()
K = torch.randint(-3, 4, (1, 1, 3, 3)).float()
Y = conv2d(X, K, stride=3)
assert output_size(8, 3, stride=3) == (2, 2)

# %%
# Put 1000 into every pixel that is never read. Nothing happens.
never = torch.tensor(pixel_uses(8, 3, stride=3)) == 0
spoiled = X.clone()
spoiled[0, 0, never] = 1000
assert torch.equal(conv2d(spoiled, K, stride=3), Y)
print(f"{never.sum()} of {never.numel()} pixels changed, 0 outputs changed")

# %%
# One row of padding at the end brings them back in.
kept = conv2d(X, K, stride=3, padding=((0, 1), (0, 1)))
assert kept.shape[2:] == (3, 3)
assert all(count for line in pixel_uses(8, 3, stride=3, padding=((0, 1), (0, 1))) for count in line)

# %%
# Grey cells are pixels that no window reads.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.7, 6.8),
    column_widths=[8, 3, 4],
    alt="An 8×8 image whose last two rows and columns, 28 pixels, are grey: no window reads them. The "
    "output has 2×2 cells. With one row and column of padding at the end it has 3×3.",
)
drawing.grid(
    X[0, 0],
    ax=axes[0],
    role="input",
    padding=((0, 2), (0, 2)),
    window=((3, 3), (3, 3)),
    title="grey: never read",
)
drawing.grid(Y[0, 0], ax=axes[1], role="output", marked=[(1, 1)], title="output")
drawing.grid(kept[0, 0], ax=axes[2], role="output", title="padded")
plt.show()
