"""
A kernel slides, and each stop is one sum
=========================================

Watch the kernel [1, −1] walk over the 6×8 image, with the sum of each stop written out under it. The first
two rows are shown stop by stop; the other four are the same.
"""

# %%
# The movie starts when you start it, and can be stopped at each frame.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, edge_image

X = edge_image()
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
assert (Y[0] == Y).all()  # all rows alike
stops = [(row, column) for row in (0, 1) for column in range(7)] + [(5, 6)]

axes = drawing.sliding(
    X,
    K,
    Y,
    stops[0],
    alt="An animation of fifteen frames. A frame of two cells moves over the 6×8 image; under it stands the "
    "sum, such as 1·1 + 0·(−1) = 1; the output fills with 0, 1, 0, 0, 0, −1, 0 in each row.",
)
fig = axes[0].figure


def draw(step):
    drawing.sliding(X, K, Y, stops[step], axes=axes)


animation = drawing.animate(fig, draw, frames=len(stops), seconds_per_frame=1.0)
plt.show()
