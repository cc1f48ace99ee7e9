"""
Depth adds to the field, strides and dilations multiply
=======================================================

Stacked 3×3 layers widen the field by two pixels each. With a stride of 2 in each layer, or a dilation that
doubles from layer to layer, the field doubles with each layer.
"""

# %%
# :func:`convbook.receptive_field` adds d·(k − 1)·jump for each layer, where the jump is the product of the
# strides so far.
import matplotlib.pyplot as plt

from convbook import drawing, layers_until, receptive_field

depths = range(1, 9)
stacks = {
    "stride 1": [3] * 8,
    "2×2 pooling after each two": [3, 3, (2, 2), 3, 3, (2, 2), 3, 3],
    "stride 2 in each": [(3, 2)] * 8,
    "dilation 1, 2, 4, …": [(3, 1, 0, 2**layer) for layer in range(8)],
}
sizes = {
    name: [receptive_field(layers[:depth]).size[0] for depth in depths] for name, layers in stacks.items()
}
for name, found in sizes.items():
    print(f"{name:27}", *found)

# %%
# Eight layers have a field of 17 pixels, or of 511. With 3×3 layers of stride 1 alone, a field of 224
# pixels takes 112 layers.
assert sizes["stride 1"] == [2 * depth + 1 for depth in depths]
assert sizes["stride 2 in each"] == sizes["dilation 1, 2, 4, …"] == [2 ** (depth + 1) - 1 for depth in depths]
needed = next(depth for depth in range(1, 200) if receptive_field([3] * depth).size[0] >= 224)
assert needed == 112

# %%
# The 55 layers of the :ref:`learners' notes <learners_notes>` are the same count from the other side: each
# 5×5 layer adds four pixels to the field and takes four rows off the output.
assert layers_until(224, 5) == 55
assert receptive_field([5] * 55).size[0] == 224 - 3

fig, (ax,) = drawing.panels(
    1,
    1,
    size=(3.4, 6.8),
    alt="Width of the receptive field against the number of layers, on a logarithmic scale. With stride 1 "
    "it grows to 17 after eight layers, with pooling after each two to 32, with stride 2 or doubling "
    "dilation along one straight line to 511.",
)
drawing.curves(
    list(depths),
    sizes,
    ax=ax,
    markers=True,
    yscale="log",
    xlabel="layers",
    ylabel="size of the field, one axis",
    title="Depth adds, strides and dilations multiply",
)
ax.set_yticks([3, 10, 30, 100, 300, 511], ["3", "10", "30", "100", "300", "511"])
ax.minorticks_off()
plt.show()
