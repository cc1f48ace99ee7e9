"""
A kernel slides, and each place is one sum
==========================================

The animation moves the kernel [1, −1] over the 6×8 image and writes the sum of each place below it. It
shows the first two rows and the last sum; the other rows are equal.
"""

# %%
# The animation starts when you start it, and can be stopped at each frame.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing, edge_image

X = edge_image()
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
assert Y.tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6
stops = [(row, column) for row in (0, 1) for column in range(7)] + [(5, 6)]

axes = drawing.sliding(
    X,
    K,
    Y,
    stops[0],
    alt="An animation of fifteen frames. A frame of two cells moves over the 6×8 image; under it is the "
    "sum, such as 1·1 + 0·(−1) = 1; the output fills with 0, 1, 0, 0, 0, −1, 0 in each row.",
)
fig = axes[0].figure


def draw(step):
    drawing.sliding(X, K, Y, stops[step], axes=axes)


animation = drawing.animate(fig, draw, frames=len(stops), seconds_per_frame=1.0)
plt.show()
