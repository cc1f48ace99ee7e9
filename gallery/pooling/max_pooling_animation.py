"""
Max pooling keeps one number of four
====================================

A window of 2×2 moves by two, so every pixel is in one window, and the largest of each four is kept. The
numbers are printed in the :ref:`learners' notes <learners_notes>`.
"""

# %%
# The first six columns of that image, and its pooling. Each output is one of the pixels.
import matplotlib.pyplot as plt
import torch

from convbook import drawing, max_pool2d

X = torch.tensor(
    [
        [0.1988, 0.9745, 0.3511, 0.3418, 0.9431, 0.2993],
        [0.0244, 0.7883, 0.1123, 0.5565, 0.3932, 0.6196],
        [0.2284, 0.3182, 0.9082, 0.1801, 0.6586, 0.6051],
        [0.7001, 0.2023, 0.3860, 0.5868, 0.7888, 0.3146],
        [0.6650, 0.4888, 0.4619, 0.6912, 0.2414, 0.0063],
        [0.5085, 0.4126, 0.0625, 0.7907, 0.2027, 0.2407],
    ]
)
values, indices = max_pool2d(X[None], 2, return_indices=True)
Y = values[0]
print(Y)
assert torch.equal(
    Y, torch.tensor([[0.9745, 0.5565, 0.9431], [0.7001, 0.9082, 0.7888], [0.6650, 0.7907, 0.2414]])
)

# %%
# The animation starts when you start it, and can be stopped at each frame. The framed pixel is the one that
# is kept; ``indices`` holds its place, row · columns + column.
fig, (left, right) = drawing.panels(
    1,
    2,
    size=(3.9, 6.8),
    column_widths=(6, 3.4),
    alt="An animation of nine frames. A 2×2 frame jumps over a 6×6 image of numbers, two pixels at a time. "
    "The largest number in it is marked and appears in the 3×3 output: 0.9745, 0.5565, 0.9431, and so "
    "on.",
)
places = [divmod(int(place), 6) for place in indices.flatten()]


def draw(step):
    row, column = divmod(step, 3)
    for ax in (left, right):
        ax.clear()
    look = {"window": ((2 * row, 2 * column), (2, 2)), "marked": [places[step]], "fmt": ".4f"}
    drawing.grid(X, ax=left, role="input", title="input, window 2×2, stride 2", **look)
    later = [divmod(cell, 3) for cell in range(step + 1, 9)]
    drawing.grid(
        Y, ax=right, role="output", title="the largest", marked=[(row, column)], hidden=later, fmt=".4f"
    )


animation = drawing.animate(fig, draw, frames=9, seconds_per_frame=1.0)
plt.show()
