"""
Without padding, 55 layers of 5×5 reduce 224 rows to 4
======================================================

A 5×5 kernel without padding takes four rows and four columns in each layer. An image of 224×224 is 4×4
after 55 layers, and a 56th kernel does not fit.
"""

# %%
# :func:`convbook.layers_until` computes the number of layers; the loop in ``sizes`` counts them.
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
# For the next kernel an error is raised, with the arithmetic:
try:
    output_size(4, 5)
except ValueError as error:
    print(error)

# %%
# Each layer takes k − 1 rows, so the lines are straight. With "same" padding the size stays at 224.
fig, (ax,) = drawing.panels(
    size=(3.4, 6.8),
    alt="Rows left against the number of layers, for kernels 3, 5, 7 and 11: four straight lines that "
    "fall from 224 to nothing at 111, 55, 37 and 22 layers. A thin horizontal line at 224 is a "
    "kernel with same padding.",
)
for k, color, dashes in zip(kernels, drawing.LINES, ("-", "--", "-.", ":"), strict=False):
    left = sizes(k, counts[k])
    ax.plot(range(len(left)), left, color=color, linestyle=dashes, label=f"{k}×{k}: {counts[k]} layers")
ax.legend(loc="center right", frameon=False)
ax.plot([0, 115], sizes(5, 1, padding=2), color=drawing.QUIET, linewidth=0.8)
drawing.text(ax, "any kernel, same padding", at=(0.13, 0.7), color=drawing.QUIET)
ax.set(xlabel="layers", ylabel="rows left of 224", ylim=(0, 240))
ax.set_title("5×5 kernels: 4 of 224 rows are left after 55 layers")
plt.show()
