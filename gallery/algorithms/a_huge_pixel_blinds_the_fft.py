"""
A huge pixel blinds the FFT
===========================

A spectrum mixes all pixels, so its rounding errors have the size of the largest one. Beside a pixel of a
billion, float32 leaves the small ones no digit, and the sum over a window leaves them all.
"""

# %%
# A photograph with values between 0 and 1, and one broken pixel.
import matplotlib.pyplot as plt
import torch

from convbook import conv2d, drawing, explain_plan, kernels, photograph

image = photograph(rows=(40, 296), columns=(60, 316)).clone()
blur = kernels.gaussian(21, 3.0)
broken = image.clone()
broken[128, 128] = 1e9

# %%
# Filter it by FFT and by band, and compare with float64.
exact = conv2d(broken[None, None].double(), blur[None, None].double(), padding=10)[0, 0]
by_fft = conv2d(broken[None, None], blur[None, None], padding=10, method="fft")[0, 0]
by_band = conv2d(broken[None, None], blur[None, None], padding=10, method="band")[0, 0]
errors = [(y - exact).abs() for y in (by_fft, by_band)]

# %%
# How many digits are right? One for each factor of ten between the value and its error.
digits = [(-torch.log10(e / exact.abs().clamp(min=1e-3) + 1e-12)).clamp(0, 8).round() for e in errors]

# %%
figure, axes = drawing.images(
    digits,
    ["fft: the whole tile is blind", "band: every digit there is"],
    limits=(0, 8),
    cmap="gray",
    label="correct decimal digits",
    panel=2.9,
    alt="Correct decimal digits of each pixel. By FFT, nearly the whole picture is black: no digit or "
    "one. By band it is light: "
    "six to seven digits everywhere.",
)
plt.show()

# %%
# Around the broken pixel both are right: there the value itself is huge. Elsewhere the FFT has lost the
# picture. That is why ``auto`` looks for such pixels before it takes the FFT.
far = torch.ones(256, 256, dtype=torch.bool)
far[118:139, 118:139] = False
assert float(digits[0][far].median()) <= 1 < 6 <= float(digits[1][far].min())
large = torch.nn.functional.pad(broken, (0, 300, 0, 300))[None, None]
noise = torch.randn(1, 1, 35, 35, generator=torch.Generator().manual_seed(0))
print(explain_plan(large, noise).reason)
assert explain_plan(large, noise).method != "fft"
