"""
Two ceilings: arithmetic and memory
===================================

No program multiplies faster than the processor or reads faster than the memory. Where a method stands under
these two ceilings says what could still be won, and what could not.
"""

# %%
# The ceilings were measured as well: a large matrix product, and a large copy.
import matplotlib.pyplot as plt
import torch

from convbook import drawing
from convbook._checks import conv2d_setting
from convbook.algorithms import costs

record = costs.measured()["figures"]
peak = record["peaks"]["multiplications a second"] / 1e9
stream = record["peaks"]["bytes a second"] / 1e9

# %%
# For each method: how many multiplications it does (the useful ones and the zeros of the band), how many
# bytes it must move at least, and how long it took, on 1024×1024 pixels.
points = {}
for k in (3, 7, 15):
    image, kernel = torch.empty(1, 1, 1024, 1024, device="meta"), torch.empty(1, 1, k, k, device="meta")
    shape = costs.Shape.of(image, kernel, conv2d_setting(image, kernel, padding=k // 2))
    for method in ("band", "lowering", "torch"):
        done = costs.work(method, shape)
        seconds = record["general"][str(k)][method]
        least = 4 * (shape.pixels + shape.cells)  # every pixel read once, every output written once
        points[method, k] = (done.multiplications / least, done.multiplications / seconds / 1e9)

# %%
figure, ax = plt.subplots(figsize=(6.8, 4.0), layout="constrained")
intensity = torch.logspace(-1, 2.5, 200)
roof = torch.minimum(intensity * stream, torch.tensor(peak))
ax.plot(intensity, roof, color=drawing.QUIET, linewidth=2, label="what the machine can do")
for number, method in enumerate(("band", "lowering", "torch")):
    x, y = zip(*(points[method, k] for k in (3, 7, 15)), strict=True)
    ax.plot(x, y, marker="os^"[number], color=drawing.LINES[number], label=method, linewidth=1)
    for k, a, b in zip((3, 7, 15), x, y, strict=True):
        ax.annotate(f"{k}", (a, b), textcoords="offset points", xytext=(5, -10), fontsize=8)
ax.set(
    xscale="log",
    yscale="log",
    xlabel="multiplications for each byte that must move",
    ylabel="10⁹ multiplications a second",
    title="Torch stands far below both ceilings: it moves sixteen channels for one",
)
ax.legend(fontsize=8)
figure.set_label(
    f"A roofline: a rising memory ceiling of {stream:.0f} gigabytes a second and a flat ceiling of "
    f"{peak:.0f} billion "
    "multiplications a second. Band lies close under the ceilings for 7 by 7 and 15 by 15 kernels, "
    "lowering lower, torch far "
    "below for 3 by 3."
)
plt.show()

# %%
# Nothing lies above the roof.
for a, b in points.values():
    assert b <= 1.1 * min(a * stream, peak)
