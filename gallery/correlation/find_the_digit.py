"""
Correlation is largest where the image looks like the kernel
============================================================

With a picture of a 5 as the kernel, the output is largest where the 5 is, even in noise. This needs a kernel
whose mean was subtracted; otherwise the brightest place can win.
"""

# %%
# Six digits in a row under noise whose standard deviation is half the step from black to white; the kernel is
# a clean 5.
import matplotlib.pyplot as plt
import torch

from convbook import corr2d, drawing
from convbook.images import digit, noise

digits = (1, 4, 7, 5, 0, 2)
clean = torch.cat([digit(which) for which in digits], dim=1)
five = digit(5)
K = five - five.mean()


def noisy(seed):
    return clean + noise(clean.shape, 0.5, generator=torch.Generator().manual_seed(seed))


X = noisy(0)
Y = corr2d(X, K)

# %%
# The largest output is where the kernel covers exactly the fourth digit, in each of forty draws of the noise.
# The control adds a white bar at the right end: with the mean subtracted the 5 is still found, with the plain
# picture it is not.
place = 10 * digits.index(5)
bar = torch.cat([torch.zeros(clean.shape[0], clean.shape[1]), torch.full((clean.shape[0], 10), 2.0)], dim=1)


def found(kernel, with_bar):
    images = (torch.nn.functional.pad(noisy(seed), (0, 10)) + with_bar * bar for seed in range(40))
    return sum(int(corr2d(X, kernel).argmax()) == place for X in images)


print(f"the 5 is found in {found(K, 0)} of 40 draws")
print(f"with a white bar: {found(K, 1)} with the mean subtracted, {found(five, 1)} with the plain picture")
assert found(K, 0) == found(K, 1) == 40
assert found(five, 1) == 0

# %%
# The second largest output is at the 0, whose outline has most of its pixels in common with the 5.
fig, axes = drawing.panels(
    2,
    1,
    size=(4.0, 6.8),
    row_heights=(1, 1.3),
    alt="Above, the digits 1 4 7 5 0 2 in noise, hard to read. Below, the response of a kernel that is a 5, "
    "against its column: the highest peak is at column 30, where the 5 begins; the 0 beside it is "
    "second.",
)
drawing.image(X, limits=(-1, 2), ax=axes[0], title="1 4 7 5 0 2 in noise")
drawing.curves(
    range(Y.shape[1]),
    {"response": Y[0]},
    ax=axes[1],
    title="The response is largest on the 5",
    xlabel="column of the kernel's left end",
    ylabel="response",
)
axes[1].plot(place, Y[0, place], marker="o", color=drawing.LINES[1])
axes[1].annotate("5", (place, Y[0, place].item()), (7, -4), textcoords="offset points", color=drawing.INK)
plt.show()
