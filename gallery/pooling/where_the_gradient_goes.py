"""
The maximum sends its gradient to one pixel, the mean to all
============================================================

A pixel that is the largest of no window gets the gradient 0 from max pooling. A pixel that is the largest
of several windows gets one share from each. The mean gives the same share to every pixel of the window.
"""

# %%
# A 5×5 image, a window of 3×3 and stride 1: nine overlapping windows, each with a gradient of 1.
import matplotlib.pyplot as plt
import torch

from convbook import avg_pool2d, drawing, max_pool2d, pixel_uses

torch.manual_seed(4)
X = torch.randint(0, 10, (1, 5, 5)).float().requires_grad_()
(from_max,) = torch.autograd.grad(max_pool2d(X, 3, stride=1).sum(), X)
(from_mean,) = torch.autograd.grad(avg_pool2d(X, 3, stride=1).sum(), X)
print(from_max[0])

# %%
# Both sum to nine, one from each window. With the mean a pixel's gradient is the number of windows that
# cover it, divided by nine. With the maximum each nonzero gradient is a whole number, and at most nine
# pixels have one.
assert from_max.sum() == 9
torch.testing.assert_close(from_mean.sum(), torch.tensor(9.0))
torch.testing.assert_close(from_mean[0] * 9, torch.tensor(pixel_uses(5, 3)).float())
nonzero = int((from_max > 0).sum())
assert nonzero <= 9
assert torch.equal(from_max, from_max.round())
assert (from_mean > 0).all()
print(nonzero, "of 25 pixels get a gradient from the maximum, 25 from the mean")

# %%
# Where two pixels of a window are equally large, the whole gradient goes to the first in reading order.
flat = torch.ones(1, 2, 2, requires_grad=True)
(first,) = torch.autograd.grad(max_pool2d(flat, 2), flat)
assert first.tolist() == [[[1, 0], [0, 0]]]

fig, axes = drawing.panels(
    1,
    3,
    size=(2.7, 6.8),
    alt=f"Left, a 5×5 image of digits. Middle, the gradient of max pooling: {nonzero} pixels hold whole "
    "numbers that add to nine, the others hold zero. Right, the gradient of mean pooling: from 0.11 in "
    "the corners to 1 in the middle.",
)
drawing.grid(X[0].detach(), ax=axes[0], role="input", title="image")
drawing.grid(from_max[0], ax=axes[1], limits=(0, 9), cmap="Oranges", title="gradient, largest of 3×3")
drawing.grid(
    from_mean[0], ax=axes[2], limits=(0, 1.8), cmap="Oranges", fmt=".2f", title="gradient, mean of 3×3"
)
plt.show()
