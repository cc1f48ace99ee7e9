"""
Noise moves the learned kernel most where the loss is flat
==========================================================

With noise in the output the best kernel moves. It moves √5 times as far along (1, −1) as along (1, 1),
because the eigenvalue there is five times smaller.
"""

# %%
# 600 outputs with independent noise of standard deviation 0.5, and the least-squares kernel of each.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, learning_theory, least_squares_kernel
from convbook.images import edge_image

generator = torch.Generator().manual_seed(0)
X = edge_image(dtype=torch.float64)
K = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
Y = corr2d(X, K)
noise = 0.5
found = torch.cat(
    [
        least_squares_kernel(
            X, Y + noise * torch.randn(Y.shape, generator=generator, dtype=torch.float64), (1, 2)
        ).weight
        for _ in range(600)
    ]
)

# %%
# Along a direction with eigenvalue λ the standard deviation is noise/√λ: 0.204 along (1, −1), 0.091 along (1,
# 1).
theory = learning_theory(X, (1, 2))
expected = noise / theory.eigenvalues.sqrt()
measured = ((found - K) @ theory.eigenvectors).std(0)
print("expected", expected.round(decimals=3).tolist(), "measured", measured.round(decimals=3).tolist())
torch.testing.assert_close(measured, expected, rtol=0.08, atol=0)

# %%
# The kernels found, and the oval of 1.5 standard deviations in each direction, which should contain 68 % of
# them.
turn = torch.linspace(0, 2 * torch.pi, 100, dtype=torch.float64)
oval = K + 1.5 * torch.stack([turn.cos(), turn.sin()], 1) * expected @ theory.eigenvectors.T
inside = (((found - K) @ theory.eigenvectors / expected).square().sum(1) < 1.5**2).double().mean()
print(f"{inside:.0%} inside the oval")
assert 0.62 < inside < 0.74

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(5.2, 6.4),
    alt=(
        "Six hundred learned kernels scatter around (1, −1) in an oval cloud, about twice as long along "
        "(1, −1) as along (1, 1). An oval computed from the two eigenvalues contains two thirds of them."
    ),
)
ax.plot(*found.T, ".", color=drawing.LINES[0], markersize=4, alpha=0.5)
ax.plot(*oval.T, color=drawing.LINES[1])
ax.plot(1, -1, "*", color=drawing.LINES[4], markersize=13)
ax.set(aspect="equal", xlabel="first weight", ylabel="second weight")
ax.set_title("The kernels scatter most where the loss is flat")
plt.show()
