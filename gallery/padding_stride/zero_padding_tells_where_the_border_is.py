"""
After t zero-padded layers, outputs up to t pixels inside are changed
=====================================================================

A constant image has no content, yet after some zero-padded layers its pixels differ: each layer carries the
difference one pixel further. With circular padding all pixels stay equal.
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
# A 3×3 layer carries a difference one pixel further: after t layers of averages exactly t rings differ from
# 1.
depths = (1, 3, 8)
for layers in depths:
    middle_row = after(layers, "zeros")[10]
    rings = int(((middle_row[:10] - 1).abs() > 1e-12).sum())
    print(f"{layers} layers: {rings} rings differ from 1")
    assert rings == layers
    assert torch.allclose(after(layers, "circular"), torch.ones(21, 21, dtype=torch.float64))

# %%
# The input is 1 everywhere. All four pictures share one scale from 0 (black) to 1 (white).
fig, axes = drawing.images(
    [after(depths[-1], "circular"), *(after(layers, "zeros") for layers in depths)],
    ["circular, 8 layers", *(f"zeros, {layers} layer{'s' * (layers > 1)}" for layers in depths)],
    limits=(0, 1),
    columns=4,
    panel=1.45,
    alt="A white image after averaging layers. With circular padding it stays white. After 1, 3 and 8"
    " zero-padded layers a dark frame of 1, 3 and 8 pixels grows inwards, darkest in the corners.",
)
plt.show()
