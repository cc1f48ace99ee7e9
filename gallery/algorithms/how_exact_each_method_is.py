"""
How exact each method is
========================

Every rounding costs a unit in the eighth digit of a float32. Methods that add the same products in another
order lose as little as the definition; F(4,3) of Winograd loses some twenty times as much.
"""

# %%
# The largest error over an image of noise, in roundings of Σ|x||w| of the output's own window, for kernels of
# growing side. All numbers are computed here, against float64.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing

torch.manual_seed(0)
image = torch.randn(1, 1, 96, 96)
sides = [3, 5, 9, 15, 21, 31]
methods = ["shift", "im2col", "band", "compiled", "torch", "fft", "winograd"]


def error(method, side):
    """The largest error of one method, in units of float32's rounding."""
    kernel = torch.randn(1, 1, side, side)
    exact = conv2d(image.double(), kernel.double(), method="shift")
    scale = conv2d(image.double().abs(), kernel.double().abs(), method="shift")
    difference = (conv2d(image, kernel, method=method) - exact).abs() / scale
    return float(difference.max()) / torch.finfo(torch.float32).eps


errors = {m: [error(m, side) for side in sides] for m in methods if m != "winograd"}
errors["winograd"] = [error("winograd", 3)]

# %%
figure, ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
for number, (name, values) in enumerate(errors.items()):
    style = {"color": drawing.LINES[number % 6], "marker": "osD^vP*"[number], "markersize": 5}
    ax.plot(sides[: len(values)], values, label=name, **style)
ax.set(xscale="log", yscale="log", xlabel="kernel side", ylabel="largest error, in roundings")
ax.set_xticks(sides, labels=[str(side) for side in sides])
ax.minorticks_off()
ax.legend(fontsize=8, ncols=4, loc="upper center")
ax.set_ylim(0.1, 60)
ax.set_title("Errors in roundings of the window's own sum")
figure.set_label(
    "Largest error against the kernel's side, 3 to 31, both logarithmic. Shift, im2col, band, compiled and "
    "torch stay below three roundings, the FFT below six; one point of Winograd, at side 3, lies at thirty."
)
plt.show()

# %%
# On noise, where all pixels have one size, the FFT is nearly as exact as the rest, and for large kernels more
# exact. On a picture with a dark half it is not: see
# :ref:`sphx_glr_auto_gallery_algorithms_a_dark_half_loses_its_digits.py`.
for name, values in errors.items():
    print(f"{name:<10}", *(f"{value:6.2f}" for value in values))
assert max(max(errors[m]) for m in ("shift", "im2col", "band", "compiled", "torch")) < 3
assert errors["winograd"][0] > 2 * errors["compiled"][0]
