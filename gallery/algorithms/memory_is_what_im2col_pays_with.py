"""
im2col pays with memory, the band with hardly any
=================================================

Writing every window into a matrix makes a convolution one product, and makes the image k² times as large. A
strided view shows the same numbers to the same product without writing them down.
"""

# %%
# What each method takes beyond its input at its peak, in outputs: 1 is the output alone. Recorded in a fresh
# process each, from what the operating system counted.
import matplotlib.pyplot as plt
import torch

from convbook import drawing, unfold
from convbook.algorithms import costs

record = costs.measured()
memory = record["figures"]["memory"]

# %%
# The matrix of im2col is the size that arithmetic says: 9 times the image for 3×3.
image = torch.zeros(1, 1, 64, 64)
assert unfold(image, 3, padding=1).numel() == 9 * image.numel()

# %%
figure, axes = plt.subplots(1, 2, figsize=(6.8, 3.2), layout="constrained", sharey=True)
names = ["auto", "band", "separable", "box", "shift", "fft", "lowering", "torch", "im2col"]
for ax, k in zip(axes, ("3", "15"), strict=True):
    sizes = [memory[k][name] for name in names]
    ax.barh(names, sizes, color=[drawing.LINES[0] if size < 3.2 else drawing.LINES[1] for size in sizes])
    for row, size in enumerate(sizes):
        ax.text(size * 1.15, row, f"{size:.1f}", va="center", fontsize=8)
    ax.set(xscale="log", xlim=(0.5, 2000), title=f"{k}×{k} kernel", xlabel="peak, in outputs")
axes[0].invert_yaxis()
figure.suptitle("Extra memory on 1024×1024 pixels: blue takes three outputs at most")
figure.set_label(
    "Horizontal bars of peak memory in outputs, for a 3 by 3 and a 15 by 15 kernel. Band, separable and box "
    "stay below "
    f"three; torch takes {memory['15']['torch']:.0f}; im2col {memory['15']['im2col']:.0f}."
)
plt.show()

# %%
# im2col's bar is the kernel's area, and it needs that before the first multiplication.
assert all(memory[k][name] < 3.2 for k in ("3", "15") for name in ("band", "separable", "box"))
assert memory["15"]["im2col"] > 200
