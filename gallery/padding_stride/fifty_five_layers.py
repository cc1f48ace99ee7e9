"""
Without padding, 55 layers eat a photograph
===========================================

A 5×5 kernel without padding takes four rows and four columns in each layer, so an image of 224×224 is
down to 4×4 after 55 layers, and a 56th kernel does not fit.
"""

# %%
# :func:`convbook.layers_until` counts; the loop beside it checks.
import matplotlib.pyplot as plt

from convbook import drawing, layers_until, output_size


def sizes(kernel_size, layers, **setting):
    found = [224]
    for _ in range(layers):
        found.append(output_size(found[-1], kernel_size, **setting)[0])
    return found


kernels = (3, 5, 7, 11)
counts = {k: layers_until(224, k) for k in kernels}
print(counts)
assert counts[5] == 55
assert sizes(5, 55)[-1] == 4

# %%
# The kernel after the last one is refused, with the arithmetic:
try:
    output_size(4, 5)
except ValueError as error:
    print(error)

# %%
# Straight lines: each layer takes k − 1. With "same" padding the size stays.
fig, (ax,) = drawing.panels(
    size=(3.4, 6.8),
    alt="Rows left against the number of layers, for kernels 3, 5, 7 and 11: four straight lines that "
    "fall from 224 to nothing at 111, 55, 37 and 22 layers. A dashed horizontal line at 224 is a "
    "kernel with same padding.",
)
for k, colour in zip(kernels, drawing.LINES, strict=False):
    left = sizes(k, counts[k])
    ax.plot(range(len(left)), left, color=colour)
    ax.annotate(
        f"{k}×{k}: {counts[k]}",
        (counts[k], 0),
        xytext=(0, -12),
        textcoords="offset points",
        ha="center",
        color=colour,
    )
ax.plot([0, 115], sizes(5, 1, padding=2), color=drawing.QUIET, linestyle="--")
drawing.text(ax, "any kernel, same padding", at=(0.13, 0.7), color=drawing.QUIET)
ax.set(xlabel="layers", ylabel="rows left of 224", ylim=(-25, 240))
ax.set_title("5×5 kernels use 224 rows up in 55 layers")
plt.show()
