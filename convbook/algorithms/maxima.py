r"""Maxima of windows: down the columns, then along the rows, by doubling.

A maximum may be taken in any order and any number of times over the same pixel.  So a window's maximum is the
maximum of its rows' maxima, and a run of any length k is covered by two runs of the largest power of two that
fits, which may overlap:

.. math:: M_{2m}(i) = \max\bigl(M_m(i),\, M_m(i+m)\bigr), \qquad
   M_k(i) = \max\bigl(M_{2^j}(i),\, M_{2^j}(i + k - 2^j)\bigr), \quad 2^j \le k

- Comparisons: about log₂ kh + log₂ kw for each pixel, where the walk over each window needs kh · kw.
- Memory: a few strips that fit the cache.
- Accuracy: exact.  A NaN is the maximum of its windows, as everywhere in torch.

The gradient of a maximum goes to *one* pixel: where several are equal, to the first (row by row).
``torch.maximum`` would split it, so where a gradient is wanted torch's own pooling is asked, which remembers
the pixels: channels last, where it works on many channels at once and takes a fifth to a half of the time.

References
----------
.. [1] M. van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal
   kernels", Pattern Recognition Letters 13, 1992, 517–521. https://doi.org/10.1016/0167-8655(92)90069-C
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._checks import PoolSetting
from convbook.algorithms._exact import readable

__all__ = ["run_maxima", "window_maxima"]

STRIP = 1 << 18
"""Numbers that go through at once: 1 MiB of float32, half of the second-level cache."""


def window_maxima(x: Tensor, setting: PoolSetting) -> Tensor | None:
    """Return the maximum of each window, or None where this way does not serve.

    Parameters
    ----------
    x : Tensor
        Shape (…, rows, columns), real numbers on the CPU.
    setting : PoolSetting
        Judged; without dilation.

    Returns
    -------
    Tensor or None
        Shape (…, output rows, output columns).  None for dilated windows, windows larger than the padded
        image, empty images, other dtypes than float32 and float64, tensors without numbers, and under
        ``torch.func`` or ``torch.compile``.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 5.0, 2.0], [4.0, 3.0, 0.0]])
    >>> window_maxima(x, PoolSetting((2, 2), (1, 1), (0, 0), (1, 1), (1, 2)))
    tensor([[5., 5.]])
    """
    if not _serves(x, setting):
        return None
    if not (torch.is_grad_enabled() and x.requires_grad):
        return _maxima(x, setting)
    return _with_gradient(x, setting)


def run_maxima(x: Tensor, length: int, dim: int) -> Tensor:
    """Return the maximum of each run of `length` cells along one dimension.

    Parameters
    ----------
    x : Tensor
        Any shape.
    length : int
        Cells in a run.
    dim : int
        The dimension along which runs lie.

    Returns
    -------
    Tensor
        Shorter by length − 1 along `dim`.

    Examples
    --------
    >>> run_maxima(torch.tensor([3, 1, 4, 1, 5]), 3, 0)
    tensor([4, 4, 5])
    """
    size, cells = x.shape[dim] - length + 1, 1
    while 2 * cells <= length:
        shorter = x.shape[dim] - cells
        x = torch.maximum(x.narrow(dim, 0, shorter), x.narrow(dim, cells, shorter))
        cells *= 2
    return (
        x if cells == length else torch.maximum(x.narrow(dim, 0, size), x.narrow(dim, length - cells, size))
    )


def _serves(x: Tensor, setting: PoolSetting) -> bool:
    return (
        setting.dilation == (1, 1)
        and readable(x)
        and not torch._C._are_functorch_transforms_active()
        and torch.autograd.forward_ad._current_level < 0
        and x.dtype in (torch.float32, torch.float64)
        and x.numel() > 0
        and all(
            k <= n + 2 * p for k, n, p in zip(setting.kernel_size, x.shape[-2:], setting.padding, strict=True)
        )
    )


def _maxima(x: Tensor, setting: PoolSetting) -> Tensor:
    """Return the maxima, some planes at a time."""
    height, width = x.shape[-2:]
    planes = x.reshape(-1, height, width)
    output = planes.new_empty(planes.shape[0], *setting.output_size)
    edges = _Edges(x, setting)
    together = min(max(1, STRIP // (edges.rows * edges.columns)), planes.shape[0])
    if edges.needed:
        buffer = planes.new_full((together, edges.rows, edges.columns), -torch.inf)
    for first in range(0, planes.shape[0], together):
        part = planes[first : first + together]
        _pool(edges.around(part, buffer) if edges.needed else part, setting, output[first : first + together])
    return output.view(*x.shape[:-2], *setting.output_size)


CHANNELS = 16
"""Channels from which torch's pooling is quicker with the channels last: a vector register of them."""


class _Edges:
    """Where the image lies in the rectangle that the windows cover; around it there is −∞."""

    def __init__(self, x: Tensor, setting: PoolSetting) -> None:
        spans = zip(setting.output_size, setting.stride, setting.kernel_size, strict=True)
        self.rows, self.columns = ((n - 1) * s + k for n, s, k in spans)
        self.top, self.left = setting.padding
        self.height = min(x.shape[-2], self.rows - self.top)
        self.width = min(x.shape[-1], self.columns - self.left)
        self.needed = (self.rows, self.columns) != (self.height, self.width)

    def around(self, planes: Tensor, buffer: Tensor) -> Tensor:
        """Return the planes with −∞ around them, in the buffer."""
        inside = planes[:, : self.height, : self.width]
        framed = buffer[: planes.shape[0]]
        framed[:, self.top : self.top + self.height, self.left : self.left + self.width] = inside
        return framed


def _pool(planes: Tensor, setting: PoolSetting, output: Tensor) -> None:
    """Write the maxima of planes that need no more padding: first down, at the rows kept, then along."""
    (down, along), (kh, kw) = setting.stride, setting.kernel_size
    rows = _kept(planes, kh, down, 1, setting.output_size[0])
    _kept(rows, kw, along, 2, setting.output_size[1], output)


def _kept(x: Tensor, length: int, stride: int, dim: int, outputs: int, into: Tensor | None = None) -> Tensor:
    """Return the maxima of every stride-th run: by slices where they are few, by doubling where many."""
    span = (outputs - 1) * stride + 1
    if length > 4 or length == 1:
        runs = run_maxima(x, length, dim).narrow(dim, 0, span)
        kept = runs[:, ::stride] if dim == 1 else runs[..., ::stride]
        return kept if into is None else into.copy_(kept)
    starts = [x.narrow(dim, tap, span) for tap in range(length)]
    taps = [start[:, ::stride] if dim == 1 else start[..., ::stride] for start in starts]
    largest = taps[0]
    for tap in taps[1:-1]:
        largest = torch.maximum(largest, tap)
    return torch.maximum(largest, taps[-1]) if into is None else torch.maximum(largest, taps[-1], out=into)


def _with_gradient(x: Tensor, setting: PoolSetting) -> Tensor:
    """Return the maxima by torch, which knows where each stood; channels last where there are many."""
    floors = tuple(
        (n + 2 * p - k) // s + 1
        for n, p, k, s in zip(x.shape[-2:], setting.padding, setting.kernel_size, setting.stride, strict=True)
    )
    turned = x.dim() == 4 and x.shape[1] >= CHANNELS
    values = torch.nn.functional.max_pool2d(
        x.contiguous(memory_format=torch.channels_last) if turned else x,
        setting.kernel_size,
        setting.stride,
        setting.padding,
        ceil_mode=floors != setting.output_size,
    )
    return values.contiguous()
