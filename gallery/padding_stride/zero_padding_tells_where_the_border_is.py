"""
Zero padding tells the network where the border is
==================================================

A constant image has no content, yet after some zero-padded layers its pixels differ: the border is felt
one pixel deeper with each layer. With circular padding nothing is felt.
"""

# %%
# Layers that average 3×3 pixels, on an image of ones.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing

average = torch.full((1, 1, 3, 3), 1 / 9, dtype=torch.float64)


def after(layers, mode):
    x = torch.ones(1, 1, 21, 21, dtype=torch.float64)
    for _ in range(layers):
        x = conv2d(x, average, padding=1, padding_mode=mode)
    return x[0, 0]


# %%
# A layer with kernel 3 carries the news one pixel further: after L layers exactly L rings know.
depths = (1, 3, 8)
for layers in depths:
    middle_row = after(layers, "zeros")[10]
    assert ((middle_row[:10] - 1).abs() > 1e-12).sum() == layers
    assert torch.allclose(after(layers, "circular"), torch.ones(21, 21, dtype=torch.float64))

# %%
# Brightness as it is: 1 everywhere at the start.
fig, axes = drawing.images(
    [*(after(layers, "zeros") for layers in depths), after(depths[-1], "circular")],
    [*(f"zeros, {layers} layer{'s' * (layers > 1)}" for layers in depths), "circular, 8 layers"],
    limits=(0, 1),
    columns=4,
    panel=1.45,
    alt="A white image after 1, 3 and 8 zero-padded averaging layers: a dark frame of 1, 3 and 8 pixels"
    " grows inwards, darkest in the corners. With circular padding it stays white.",
)
plt.show()
