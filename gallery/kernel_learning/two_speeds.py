"""
The error shrinks by a different factor along each of two axes
==============================================================

The loss of a 1×2 kernel has oval level lines, and each step of gradient descent multiplies the error by one
factor along each axis. On the 6×8 image the axes are :math:`(1, 1)` and :math:`(1, -1)`, with eigenvalues
30 and 6.
"""

# %%
# The image, the output of the kernel [1, −1], and the starts of runs A and B
# (:doc:`/chapters/learners_notes`). The :func:`theory <convbook.learning_theory>` needs the image only.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, learn_kernel, learning_theory
from convbook.images import edge_image

X = edge_image(dtype=torch.float64)
K = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
Y = corr2d(X, K)
theory = learning_theory(X, (1, 2))
print(theory)

# %%
# At lr 0.03 a step multiplies the error along each axis by :math:`1 - 2 \cdot 0.03 \cdot \lambda`: 0.64 along
# the flat one, −0.8 along the steep one. The minus sign means that each step crosses the long axis.
paths = {}
for name, start in {"start A": [0.2807, 0.2540], "start B": [-0.5415, -0.5382]}.items():
    first = torch.tensor([start], dtype=torch.float64)
    fit = learn_kernel(X, Y, (1, 2), lr=0.03, steps=10, weight=first)
    paths[name] = torch.cat([first, fit.weights[:, 0]])
    along = (paths[name] - K) @ theory.eigenvectors
    torch.testing.assert_close(along[1:] / along[:-1], theory.factors(0.03).expand(10, 2))

# %%
# Both runs, on the level lines of the loss.
across, up = torch.linspace(-0.7, 1.9, 90), torch.linspace(-2.1, 0.5, 90)
errors = torch.cartesian_prod(up, across).flip(1) - K
heights = theory.loss(errors).reshape(90, 90)
flat, steep = theory.eigenvectors.T * 0.6

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(5.2, 6.8),
    alt=(
        "Oval level lines of the loss around the best kernel (1, −1), long along (1, −1) and short along "
        "(1, 1). Two runs of ten steps jump to the other side of the long axis at each step and move slowly "
        "along it."
    ),
)
drawing.contour(
    across,
    up,
    heights,
    levels=[0.3, 1, 3, 8, 16, 32, 64],
    paths=paths,
    best=(1, -1),
    directions={"λ = 6": tuple(flat.tolist()), "λ = 30": tuple(steep.tolist())},
    ax=ax,
    title="Steps cross the steep axis and are small along the flat one",
    xlabel="first weight",
    ylabel="second weight",
)
plt.show()
