"""
Zeros darken the border of a blur, reflection does not
======================================================

A blur uses pixels from beyond the border. Zeros are black, so the blurred picture has a dark frame. A
mirror image or the repeated border pixel is nearer to what the scene may hold there.
"""

# %%
# The photograph, a box blur of 25×25, and the four padding modes.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, photograph

photo = photograph(120)
box = torch.ones(1, 1, 25, 25) / 25**2
modes = ("zeros", "replicate", "reflect", "circular")
blurred = {mode: conv2d(photo[None, None], box, padding=12, padding_mode=mode)[0, 0] for mode in modes}

# %%
# At the corner 13² of 25² taps lie on the picture: with zeros, 27 % of the brightness is left, whatever the
# picture. From 12 pixels inside the border on, all modes agree.
seen = photo[:13, -13:].mean()
for mode in modes:
    print(f"{mode:10} corner at {blurred[mode][0, -1] / seen:.0%} of the mean of its pixels")
assert abs(blurred["zeros"][0, -1] / seen - 13**2 / 25**2) < 1e-4
assert abs(blurred["reflect"][0, -1] / seen - 1) < 0.1
inside = slice(12, -12)
assert all(
    torch.allclose(blurred[m][inside, inside], blurred["zeros"][inside, inside], atol=1e-5) for m in modes
)

# %%
# Below: differences from the mode "reflect", on one scale, from −0.4 (cool) to 0.4 (warm).
fig, axes = drawing.panels(
    2,
    3,
    size=(4.6, 6.8),
    alt="Top: the photograph, blurred with zeros (a dark frame) and with reflection (no frame). Bottom:"
    " differences from reflection. Zeros: a strongly negative frame. Replicate: nearly nothing. "
    "Circular: spots of both signs along the border.",
)
drawing.image(photo, ax=axes[0], limits=(0, 1), title="photograph")
drawing.image(blurred["zeros"], ax=axes[1], limits=(0, 1), title="zeros")
drawing.image(blurred["reflect"], ax=axes[2], limits=(0, 1), title="reflect")
for ax, mode in zip(axes[3:], ("zeros", "replicate", "circular"), strict=True):
    drawing.signed(blurred[mode] - blurred["reflect"], ax=ax, limit=0.4, title=f"{mode} − reflect")
plt.show()
