r"""FFT: correlation is multiplication between spectra.

.. math:: Y = \mathcal F^{-1}\bigl(\mathcal F(X) \cdot \overline{\mathcal F(\overline K)}\bigr)

The transform is periodic, so outputs whose window runs over the image's end are wrong, and are cut off.
Between channels, spectra are multiplied and added frequency by frequency.  Strides compute every output and
keep some.

- Multiplications: about 5·log₂ n² for each output of an n×n image, whatever the kernel.
- Memory: the spectra of the images and of the kernels, each as large as the image.
- Accuracy: relative to the *largest* numbers of the image, not to those of a window.  Where one half of an
  image is 10⁵ times darker than the other, the dark half loses its digits, and a sum of numbers ≥ 0 may come
  out below 0; one NaN or Inf spoils the image.  That is why ``method="auto"`` never takes it.

Libraries cut large images into tiles that overlap by the kernel ("overlap-save", [1]_).

References
----------
.. [1] T. G. Stockham, "High-speed convolution and correlation", AFIPS Spring Joint Computer Conference, 1966,
   229–233. https://doi.org/10.1145/1464182.1464209
.. [2] J. W. Cooley and J. W. Tukey, "An algorithm for the machine calculation of complex Fourier series",
   Mathematics of Computation 19, 1965, 297–301. https://doi.org/10.1090/S0025-5718-1965-0178586-1
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._judge import Setting
from convbook.algorithms._method import Method, floating
from convbook.algorithms._steps import every, widened, with_bias, with_padding
from convbook.algorithms.im2col import im2col


@widened
def fft(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by multiplying spectra.

    Examples
    --------
    >>> import torch
    >>> from convbook._judge import conv2d_setting
    >>> X, K = torch.arange(9.0).reshape(1, 1, 3, 3), torch.arange(4.0).reshape(1, 1, 2, 2)
    >>> fft(X, K, None, conv2d_setting(X, K)).round()
    tensor([[[[19., 25.],
              [37., 43.]]]])
    """
    if input.numel() == 0:
        return im2col(input, weight, bias, setting)
    (rows, columns), (down, across) = setting.output_size, setting.stride
    x = torch.unflatten(with_padding(input, setting), 1, (setting.groups, weight.shape[1]))
    w = torch.unflatten(spread_taps(weight, setting), 0, (setting.groups, -1))
    sides = (good_size(x.shape[-2]), good_size(x.shape[-1]))
    if input.is_complex():
        product = _between_channels(torch.fft.fft2(x, sides), torch.fft.fft2(w.conj(), sides).conj())
        y = torch.fft.ifft2(product)
    else:
        product = _between_channels(torch.fft.rfft2(x, sides), torch.fft.rfft2(w, sides).conj())
        y = torch.fft.irfft2(product, sides)
    kept = every(every(y, -2, 0, down, rows), -1, 0, across, columns)
    return with_bias(kept.flatten(1, 2).clone(), bias)


def good_size(n: int) -> int:
    """Return the next size whose only prime factors are 2, 3 and 5, where transforms are quick.

    Examples
    --------
    >>> [good_size(n) for n in (7, 11, 13, 17, 1021)]
    [8, 12, 15, 18, 1024]
    """
    while True:
        left = n
        for prime in (2, 3, 5):
            while left % prime == 0:
                left //= prime
        if left == 1:
            return n
        n += 1


def spread_taps(weight: Tensor, setting: Setting) -> Tensor:
    """Return the kernels with the zeros between their taps that a dilation means."""
    for dim, gap in zip((2, 3), setting.dilation, strict=True):
        zeros = weight.new_zeros(()).expand_as(weight)
        apart = torch.stack([weight, *[zeros] * (gap - 1)], dim + 1).flatten(dim, dim + 1)
        weight = apart.narrow(dim, 0, apart.shape[dim] - gap + 1)
    return weight


def _between_channels(image: Tensor, kernel: Tensor) -> Tensor:
    """Multiply (N, groups, C, x, y) by (groups, O, C, x, y) and add over C, at each frequency."""
    return torch.einsum("ngcxy,gocxy->ngoxy", image, kernel)


def _domain(input: Tensor, weight: Tensor, setting: Setting) -> str:
    return floating(input, "a spectrum is made of sines and cosines")


METHOD = Method("fft", fft, spreads="image", error=96, domain=_domain)
