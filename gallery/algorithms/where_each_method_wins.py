"""
Every method wins somewhere
===========================

Small images belong to torch, in one of its two ways; middling ones to half lowering, large images to the
band, large kernels to the FFT, and kernels that are a column times a row to two passes. The borders can be
computed before anything runs.
"""

# %%
# ``auto`` plans by a cost model: set-up, calls, multiplications, memory, each at a measured rate. Here it is
# asked for every size, without computing a convolution: the tensors are on the "meta" device and hold no
# numbers.
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from convbook import drawing, output_size
from convbook._checks import conv2d_setting
from convbook.algorithms import costs
from convbook.algorithms.choice import MEDIUM

sides = [round(16 * 2 ** (i / 3)) for i in range(20)]
kernels = [1, 3, 5, 7, 9, 11, 15, 19, 23, 31, 39, 51, 63]


def quickest(side, k, candidates):
    """The candidate that is predicted to be the quickest for a k×k kernel on side×side pixels."""
    if k <= 3 and side * side < MEDIUM:
        return "torch"
    image = torch.empty(1, 1, side, side, device="meta")
    kernel = torch.empty(1, 1, k, k, device="meta")
    shape = costs.Shape.of(image, kernel, conv2d_setting(image, kernel, padding=k // 2))
    predicted = {name: costs.cost(name, shape) for name in candidates}
    return min((name for name, t in predicted.items() if t is not None), key=predicted.__getitem__)


# %%
# A kernel of 3×3 or smaller on less than 20480 numbers takes torch a few microseconds, and goes there
# without a plan. "torch, im2col" is torch's older way, which needs no set-up. Left: any kernel. Right:
# kernels of rank one, where two passes may take part.
general = ["torch", "torch, im2col", "lowering", "band", "fft"]
maps = [
    np.array([[general.index(quickest(n, k, general)) if k <= n else -1 for n in sides] for k in kernels]),
]
special = [*general, "separable"]
maps.append(
    np.array([[special.index(quickest(n, k, special)) if k <= n else -1 for n in sides] for k in kernels])
)

# %%
colours = [drawing.LINES[i] for i in (5, 4, 3, 0, 1, 2)]
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.6), layout="constrained", sharey=True)
for ax, chosen, title in zip(axes, maps, ("any kernel", "a column times a row"), strict=True):
    shown = np.ma.masked_less(chosen, 0)
    ax.imshow(shown, origin="lower", aspect="auto", cmap=ListedColormap(colours), vmin=-0.5, vmax=5.5)
    ax.set(title=title, xlabel="image side")
    ax.set_xticks(range(0, 20, 3), labels=[str(sides[i]) for i in range(0, 20, 3)])
axes[0].set_ylabel("kernel side")
axes[0].set_yticks(range(len(kernels)), labels=[str(k) for k in kernels])
present = sorted(set(np.concatenate([m.ravel() for m in maps]).tolist()) - {-1})
figure.legend(
    handles=[Patch(color=colours[i], label=special[i]) for i in present],
    loc="outside lower center",
    ncols=6,
    fontsize=8,
)
figure.suptitle("The predicted winner, by size: one channel, float32, one thread")
figure.set_label(
    "Two maps of the predicted winner over image side (16 to 1290) and kernel side (1 to 63). Small "
    "images go to torch, middling ones with middling kernels to lowering; "
    "large images with small kernels to band; large kernels to FFT. For kernels of rank one, "
    "separable takes most of the "
    "upper right."
)
plt.show()

# %%
assert output_size(1024, 31, padding=15) == (1024, 1024)
assert quickest(64, 3, general) == "torch"
assert quickest(16, 5, general) == "torch, im2col"
assert quickest(128, 11, general) == "lowering"
assert quickest(1024, 5, general) == "band"
assert quickest(1024, 51, general) == "fft"
assert quickest(1024, 51, special) == "separable"
