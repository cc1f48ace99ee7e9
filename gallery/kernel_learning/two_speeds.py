r"""
A kernel is learned at two speeds
=================================

The loss of a 1×2 kernel is an oval bowl, and gradient descent moves at one speed along each of its two axes.
On the 6×8 image the axes are :math:`(1, 1)`, steep, and :math:`(1, -1)`, five times flatter.
"""

# %%
# The image, what the kernel [1, −1] makes of it, and two runs from the starts that the notes used. The
# :func:`theory <convbook.learning_theory>` needs the image only.
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
# the flat one, −0.8 along the steep one. The minus sign is the zigzag: each step lands on the other side of
# the valley.
paths = {}
for name, start in {"start A": [0.2807, 0.2540], "start B": [-0.5415, -0.5382]}.items():
    first = torch.tensor([start], dtype=torch.float64)
    fit = learn_kernel(X, Y, (1, 2), lr=0.03, steps=10, weight=first)
    paths[name] = torch.cat([first, fit.weights[:, 0]])
    along = (paths[name] - K) @ theory.eigenvectors
    torch.testing.assert_close(along[1:] / along[:-1], theory.factors(0.03).expand(10, 2))

# %%
# The runs on the bowl, with the axes of its level lines.
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
        "(1, 1). Two runs of ten steps zigzag across the short axis and creep along the long one."
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
    title="Steps flip across the steep axis and creep along the flat one",
    xlabel="first weight",
    ylabel="second weight",
)
plt.show()
