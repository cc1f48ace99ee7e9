"""
Depthwise separable layers take about a ninth of the multiply–adds
==================================================================

First each channel is convolved separately; then the channels are mixed at each pixel. The two steps take
1/out + 1/k² of a full layer: near a ninth for 3×3. From 3×3 to 11×11 the separable layer grows by less than
a half.
"""

# %%
# Multiply–adds of both, counted by :func:`convbook.cost`, on 56×56 with as many channels out as in.
import matplotlib.pyplot as plt

from convbook import cost, drawing

sizes = (1, 3, 5, 7, 9, 11)


def full(k, channels):
    return cost(56, k, channels, channels, padding=k // 2, bias=False).multiply_adds


def separable(k, channels):
    depthwise = cost(56, k, channels, channels, padding=k // 2, groups=channels, bias=False).multiply_adds
    return depthwise + cost(56, 1, channels, channels, bias=False).multiply_adds


# %%
# The formula is exact: both sides are multiplied by out·k² and compared as integers.
for k in sizes:
    for channels in (16, 64, 256):
        assert separable(k, channels) * channels * k**2 == full(k, channels) * (k**2 + channels)
for channels in (16, 64, 256):
    print(f"{channels} channels, 3×3: {full(3, channels) / separable(3, channels):.2f} times fewer")
# At 1×1 there are no neighbors to separate: the two steps cost more than one.
assert separable(1, 64) > full(1, 64)

# %%
# Both axes logarithmic, 256 channels.
fig, (ax,) = drawing.panels(
    size=(3.4, 6.8),
    alt="Million multiply–adds against the kernel's side, logarithmic, 256 channels. The full layer "
    "climbs from 206 to 24 868. The separable one stays near 206 and ends at 303, 82 times below.",
)
drawing.curves(
    sizes,
    {
        "full": [full(k, 256) / 1e6 for k in sizes],
        "depthwise separable": [separable(k, 256) / 1e6 for k in sizes],
    },
    ax=ax,
    yscale="log",
    markers=True,
    xlabel="kernel side k",
    ylabel="million multiply–adds",
    title="3×3: nearly nine times fewer; 11×11: 82 times",
)
ax.set_xticks(sizes)
assert separable(11, 256) < 1.5 * separable(3, 256)
assert 8.5 < full(3, 256) / separable(3, 256) < 9
assert round(full(11, 256) / separable(11, 256)) == 82
plt.show()
