"""
The time of a filter spans three orders of magnitude
====================================================

One megapixel, one general kernel, one answer, and times from a millisecond to a second: which method computes
it decides more than anything else.
"""

# %%
# Times can't be measured while a book is built, because no two builds would agree. So these were recorded by
# the benchmark, on one thread, as CPU seconds; :func:`convbook.algorithms.costs.measured` reads the record.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing
from convbook.algorithms import costs

record = costs.measured()
print(record["machine"])
print(f"{record['command']}, {record['measured']}")

# %%
# That all of them compute the same is checked here, on a smaller image.
torch.manual_seed(0)
image, kernel = torch.randn(1, 1, 60, 64), torch.randn(1, 1, 7, 7)
answer = conv2d(image.double(), kernel.double(), padding=3, method="definition")
for method in ("shift", "im2col", "lowering", "band", "fft", "torch", "auto"):
    error = (conv2d(image, kernel, padding=3, method=method) - answer).abs().max() / answer.abs().max()
    assert error < 1e-6, method

# %%
# Both axes are logarithmic: a straight line is a power of the kernel's side.
lines = record["figures"]["general"]
shown = ["shift", "im2col", "lowering", "torch", "OpenCV filter2D", "band", "fft", "auto"]
figure, ax = plt.subplots(figsize=(6.8, 4.4), layout="constrained")
for number, name in enumerate(shown):
    sides = sorted(int(k) for k in lines if name in lines[k])
    style = {"linewidth": 4, "alpha": 0.45} if name == "auto" else {"linewidth": 1.5}
    marks = "osD^vP*"[number] if name != "auto" else ""
    milliseconds = [1e3 * lines[str(k)][name] for k in sides]
    ax.plot(
        sides, milliseconds, marker=marks, markersize=5, label=name, color=drawing.LINES[number % 6], **style
    )
ax.set(xscale="log", yscale="log", xlabel="kernel side", ylabel="milliseconds, one thread")
ax.set_xticks([3, 5, 7, 11, 15, 21, 31, 51], labels=["3", "5", "7", "11", "15", "21", "31", "51"])
ax.minorticks_off()
ax.set_title("A general kernel on 1024×1024 pixels: auto follows the lowest line")
ax.legend(fontsize=8, ncols=2)
ratio = lines["3"]["torch"] / lines["3"]["auto"]
figure.set_label(
    "Milliseconds against the kernel's side, 3 to 51, both logarithmic. Torch, im2col and shift lie "
    "one to two orders "
    f"of magnitude above band and FFT. Auto is {ratio:.0f} times quicker than torch at 3 by 3."
)
plt.show()

# %%
# Torch's line starts so high because it lays out one channel as sixteen, in new memory each time. The band's
# zeros make its line rise with the kernel's area; the FFT's hardly rises at all.
assert all(lines[k]["auto"] < lines[k]["torch"] / 4 for k in lines)
