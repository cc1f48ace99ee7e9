"""
From a photograph brightness is learned first and fine detail last
==================================================================

The nine directions along which a 3×3 kernel is learned from a photograph run from plain brightness to a
checkerboard. The first eigenvalue is thousands of times the last. On white noise all nine are nearly equal.
"""

# %%
# The directions are the eigenvectors of the matrix of windows; each is a kernel itself. In white noise the
# pixels are uncorrelated, and the matrix is nearly a multiple of the identity.
import matplotlib.pyplot as plt
import torch

from convbook import drawing, learning_theory
from convbook.images import noise, photograph

theory = learning_theory(photograph(), 3, reduction="mean")
white = learning_theory(noise((600, 512), generator=torch.Generator().manual_seed(0)), 3, reduction="mean")
print(
    f"photograph {theory.condition:.0f}, noise {white.condition:.2f}: largest divided by smallest eigenvalue"
)
assert theory.condition > 5000
assert white.condition < 1.1

# %%
# By falling eigenvalue: a blur, the two slopes, then curvatures, and last the checkerboard.
fig, axes = drawing.panels(
    2,
    5,
    size=(3.4, 6.8),
    alt=(
        "Nine 3×3 kernels by falling eigenvalue, from 1.4 to 0.0002: the first all of one sign, the "
        "second and third slopes across and down, the last a checkerboard of signs. A tenth panel shows "
        "the nine eigenvalues of the photograph, falling steeply, and those of noise, level."
    ),
)
for ax, value, vector in zip(axes, theory.eigenvalues.flip(0), theory.eigenvectors.flip(1).T, strict=False):
    drawing.signed(vector.reshape(3, 3), limit=0.75, ax=ax, title=f"λ = {value:.2g}")
drawing.curves(
    range(1, 10),
    {"photo": theory.eigenvalues.flip(0), "noise": white.eigenvalues.flip(0)},
    ax=axes[9],
    yscale="log",
    title="all nine λ",
)
axes[9].yaxis.tick_right()
axes[9].set_xticks([1, 5, 9])
axes[9].legend(fontsize=7)
plt.show()
