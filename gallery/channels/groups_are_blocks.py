"""
Groups make the weight a matrix of blocks
=========================================

With groups, an output channel depends on its own part of the input channels only. Written as one matrix,
the layer has blocks on its diagonal and zeros elsewhere, and it takes 1/groups of the multiplications.
"""

# %%
# The matrix of each layer: :func:`convbook.conv_matrix` writes a convolution as a dense layer. 8 channels
# of 3×3 pixels, 3×3 kernels, "same" padding.
import matplotlib.pyplot as plt
import torch

from convbook import conv_matrix, cost, drawing

torch.manual_seed(0)
matrices, costs = {}, {}
for groups in (1, 2, 8):
    weight = torch.randn(8, 8 // groups, 3, 3)
    matrices[groups] = conv_matrix(weight, 3, padding=1, groups=groups)
    costs[groups] = cost(3, 3, 8, 8, padding=1, groups=groups, bias=False)
    print(
        f"groups={groups}: {costs[groups].parameters} weights, {costs[groups].multiply_adds} multiplications"
    )

# %%
# Outside the blocks all entries are zero, inside they are not; the count is divided by the number of
# groups.
for groups, matrix in matrices.items():
    blocks = matrix.reshape(groups, 72 // groups, groups, 72 // groups)
    for i in range(groups):
        for j in range(groups):
            assert (blocks[i, :, j] == 0).all() == (i != j)
    assert costs[1].parameters == groups * costs[groups].parameters

# %%
# Each matrix has 72×72 entries: 8 channels × 9 pixels on both sides. The three share one scale.
fig, axes = drawing.panels(
    1,
    3,
    size=(2.6, 6.8),
    alt="Three 72×72 matrices. One group: filled all over. Two groups: two filled squares on the "
    "diagonal. Eight groups, depthwise: eight small squares on the diagonal.",
)
for ax, (groups, matrix) in zip(axes, matrices.items(), strict=True):
    name = "depthwise: " if groups == 8 else ""
    drawing.signed(matrix, ax=ax, limit=2, title=f"{name}groups={groups}")
    ax.set_xlabel("input channel and pixel")
axes[0].set_ylabel("output channel and pixel")
plt.show()
