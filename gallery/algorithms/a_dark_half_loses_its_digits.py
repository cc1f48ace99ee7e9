"""
A dark half loses its digits to the FFT
=======================================

A spectrum mixes all pixels, so its rounding errors have the size of the brightest ones. Where one half of a
picture is 10⁵ times darker than the other, the FFT leaves the dark half two digits or fewer.
"""

# %%
# A photograph whose right half is in the dark, and a kernel of random weights, 25×25.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, explain_plan, photograph

image = photograph(rows=(40, 296), columns=(60, 316)).clone()
image[:, 128:] *= 1e-5
kernel = torch.randn(25, 25, generator=torch.Generator().manual_seed(0))

# %%
# Filter it by the FFT and by the definition's loops, and compare with float64. An error counts in parts of
# Σ|x||w| of the output's own window, so that dark places are judged by dark numbers.
call = {"padding": 12}
exact = conv2d(image[None, None].double(), kernel[None, None].double(), **call)[0, 0]
scale = conv2d(image[None, None].double(), kernel[None, None].double().abs(), **call)[0, 0]
results = [conv2d(image[None, None], kernel[None, None], **call, method=m)[0, 0] for m in ("fft", "auto")]
errors = [(y - exact).abs() / scale for y in results]
digits = [(-torch.log10(error + 1e-9)).clamp(0, 8) for error in errors]

# %%
drawing.images(
    digits,
    ["fft", "auto"],
    limits=(0, 8),
    cmap="gray",
    label="correct decimal digits",
    panel=2.9,
    alt="Correct digits of each output. By FFT the left half is light, seven digits, and the right half is "
    "dark, two to three. By auto both halves are light.",
)
plt.show()

# %%
# In the bright half both are right to seven digits. In the dark half, away from the border between them, the
# FFT has lost four of them. That is why ``auto`` does not take it, however large the kernel is.
dark, bright = (slice(None), slice(160, 256)), (slice(None), slice(0, 128))
print("fft, bright and dark half:", *(f"{digits[0][half].min():.1f}" for half in (bright, dark)))
print("auto, bright and dark half:", *(f"{digits[1][half].min():.1f}" for half in (bright, dark)))
assert digits[0][dark].median() < 4 < 6 < digits[1][dark].min()
assert explain_plan(image[None, None], kernel[None, None], **call).method != "fft"
