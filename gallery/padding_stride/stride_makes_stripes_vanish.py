"""
Stride 2 turns fine stripes into one color or into false wide stripes
=====================================================================

Stride 2 keeps every second column. Stripes with a period of 2 pixels become one plain color, and stripes
with a period of 2.2 become wide stripes that are not in the image. An average before the stride removes
both.
"""

# %%
# Three gratings with periods of 2, 2.2 and 8 pixels, and two kernels with stride 2: one copies, one
# averages.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing

periods = (2, 2.2, 8)
gratings = [
    (0.5 + 0.5 * torch.cos(2 * torch.pi * torch.arange(48) / period)).expand(24, 48) for period in periods
]
copy = torch.ones(1, 1, 1, 1)
binomial = torch.tensor([[1.0, 4, 6, 4, 1]]) / 16
average = (binomial.T @ binomial)[None, None]

copied = [conv2d(X[None, None], copy, stride=2)[0, 0] for X in gratings]
averaged = [
    conv2d(X[None, None], average, stride=2, padding=2, padding_mode="reflect")[0, 0] for X in gratings
]

# %%
# The standard deviation measures the contrast that is left. Period 2 is gone in both. The false stripes of
# period 2.2 are gone only after averaging. The stripes of period 8 stay.
for period, one, other in zip(periods, copied, averaged, strict=True):
    print(f"period {period}: copied {one.std():.2f}, averaged first {other.std():.2f}")
assert gratings[0].std() > 0.45
assert copied[0].std() < 1e-3
assert copied[1].std() > 0.3 > 0.05 > averaged[1].std()
assert averaged[2].std() > 0.2

# %%
# All pictures share one scale. The middle picture shows the false stripes.
pictures = [*gratings, *copied, *averaged]
titles = [f"period {period}" for period in periods] + ["stride 2"] * 3 + ["average, stride 2"] * 3
fig, axes = drawing.images(
    pictures,
    titles,
    limits=(0, 1),
    columns=3,
    panel=1.9,
    alt="Three gratings in three columns. After stride 2, the finest becomes plain white, the second "
    "shows wide false stripes, the widest stays. After averaging and stride 2, the first two are "
    "plain gray and the widest stays.",
)
plt.show()
