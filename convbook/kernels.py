"""Named kernels, each with its numbers, what it is for, and its source.

:data:`KERNELS` maps a name to a kernel.  Every look-up makes a new tensor, so that nobody can change a
kernel for others.  :func:`kernel` gives one in the data type you need, and :func:`about` tells where it
comes from.

All kernels are written for cross-correlation, which is what :func:`convbook.corr2d` and
:func:`convbook.conv2d` compute: lay the numbers on the image as they stand.  Two conventions hold for signs
and names.

* A derivative is positive where the image brightens downwards (rows) or to the right (columns).  Only
  "vertical" and "horizontal" have the signs of the book's first example, [1, −1]: positive where it darkens.
* "vertical", "horizontal" and "diagonal" name the edge that a kernel finds, not the direction in which it
  takes differences.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair, describe, number

__all__ = [
    "KERNELS",
    "NamedKernel",
    "about",
    "box",
    "gaussian",
    "kernel",
    "laplacian_of_gaussian",
]


_LARGEST_SIGMA = 1000
"""The largest standard deviation whose kernel gets its default size: 8001 rows and columns."""


class NamedKernel(NamedTuple):
    """A kernel with its numbers, purpose and source.

    Attributes
    ----------
    name : str
        Its key in :data:`KERNELS`.
    numbers : tuple of tuple of int
        The rows, to be divided by `divisor`.
    divisor : int
        What the numbers are divided by: 1 for most.
    purpose : str
        What it is for, in a sentence.
    source : str
        Where the numbers were published.
    """

    name: str
    numbers: tuple[tuple[int, ...], ...]
    divisor: int
    purpose: str
    source: str


_GONZALEZ_WOODS = "R. C. Gonzalez and R. E. Woods, Digital Image Processing, 4th edition, Pearson, 2018, "
_ROBERTS = (
    "L. G. Roberts, Machine perception of three-dimensional solids, PhD thesis, MIT, 1963. "
    "https://hdl.handle.net/1721.1/11589"
)
_PREWITT = (
    "J. M. S. Prewitt, Object enhancement and extraction, in: Picture Processing and Psychopictorics, "
    "Academic Press, 1970, pages 75–149"
)
_SOBEL = (
    "I. Sobel and G. Feldman, An isotropic 3×3 image gradient operator, talk of 1968, written down in 2015. "
    "https://doi.org/10.13140/RG.2.1.1912.4965"
)
_SCHARR = (
    "H. Scharr, Optimale Operatoren in der Digitalen Bildverarbeitung, PhD thesis, Heidelberg, 2000. "
    "https://doi.org/10.11588/heidok.00000962"
)
_MARR = (
    "D. Marr and E. Hildreth, Theory of edge detection, Proceedings of the Royal Society B 207, 1980, "
    "pages 187–217. https://doi.org/10.1098/rspb.1980.0020"
)
_WELLS = (
    "W. M. Wells, Efficient synthesis of Gaussian filters by cascaded uniform filters, IEEE PAMI 8(2), 1986, "
    "pages 234–239. https://doi.org/10.1109/TPAMI.1986.4767776"
)
_BURT = (
    "P. J. Burt and E. H. Adelson, The Laplacian pyramid as a compact image code, IEEE Transactions on "
    "Communications 31(4), 1983, pages 532–540. https://doi.org/10.1109/TCOM.1983.1095851"
)

# Sources print some of these turned by 180° or with the other sign, because they flip the kernel
# (convolution), let an axis point up, or leave the sign open.  The signs here follow the convention at the
# top of the module.
# fmt: off
_CATALOGUE = (
    NamedKernel(
        "identity",
        ((0, 0, 0),
         (0, 1, 0),
         (0, 0, 0)), 1,
        "leaves the image as it is",
        "the unit element: 1·x = x",
    ),
    NamedKernel(
        "box",
        ((1, 1, 1),
         (1, 1, 1),
         (1, 1, 1)), 9,
        "smooths: the mean of nine pixels",
        _GONZALEZ_WOODS + "section 3.5",
    ),
    NamedKernel(
        "gaussian",
        ((1, 2, 1),
         (2, 4, 2),
         (1, 2, 1)), 16,
        "smooths: near pixels count more; the binomial [1, 2, 1] down and across",
        _WELLS,
    ),
    NamedKernel(
        "gaussian_5",
        ((1, 4, 6, 4, 1),
         (4, 16, 24, 16, 4),
         (6, 24, 36, 24, 6),
         (4, 16, 24, 16, 4),
         (1, 4, 6, 4, 1)), 256,
        "smooths more: the binomial [1, 4, 6, 4, 1] down and across, a Gaussian of standard deviation 1",
        _BURT + " (its weights with a = 3/8)",
    ),
    NamedKernel(
        "sharpen",
        ((0, -1, 0),
         (-1, 5, -1),
         (0, -1, 0)), 1,
        "sharpens: the image minus its Laplacian",
        _GONZALEZ_WOODS + "section 3.6",
    ),
    NamedKernel(
        "emboss",
        ((-2, -1, 0),
         (-1, 1, 1),
         (0, 1, 2)), 1,
        "a relief, lit along the diagonal: the image plus a slope",
        "GIMP manual, Convolution Matrix. https://docs.gimp.org/2.10/en/gimp-filter-convolution-matrix.html",
    ),
    NamedKernel(
        "vertical",
        ((1, -1),), 1,
        "vertical edges: left minus right neighbor, positive where it darkens to the right",
        "the finite difference of neighbors, with the sign of the book's first example",
    ),
    NamedKernel(
        "horizontal",
        ((1,),
         (-1,)), 1,
        "horizontal edges: upper minus lower neighbor, positive where it darkens downwards",
        "the finite difference of neighbors, with the sign of the book's first example",
    ),
    NamedKernel(
        "diagonal",
        ((0, 1, 1),
         (-1, 0, 1),
         (-1, -1, 0)), 1,
        "edges along the main diagonal, blind to the other: positive where white lies above it",
        _PREWITT + "; " + _GONZALEZ_WOODS + "figure 10.15",
    ),
    NamedKernel(
        "antidiagonal",
        ((-1, -1, 0),
         (-1, 0, 1),
         (0, 1, 1)), 1,
        "edges along the other diagonal, blind to the main one: positive where white lies below it",
        _PREWITT + "; " + _GONZALEZ_WOODS + "figure 10.15",
    ),
    NamedKernel(
        "central_vertical",
        ((-1, 0, 1),), 1,
        "vertical edges: right minus left neighbor, twice the derivative along the columns",
        "the central difference",
    ),
    NamedKernel(
        "central_horizontal",
        ((-1,),
         (0,),
         (1,)), 1,
        "horizontal edges: lower minus upper neighbor, twice the derivative down the rows",
        "the central difference",
    ),
    NamedKernel(
        "roberts_diagonal",
        ((0, 1),
         (-1, 0)), 1,
        "edges along the main diagonal, in 2×2 pixels",
        _ROBERTS,
    ),
    NamedKernel(
        "roberts_antidiagonal",
        ((-1, 0),
         (0, 1)), 1,
        "edges along the other diagonal, in 2×2 pixels",
        _ROBERTS,
    ),
    NamedKernel(
        "prewitt_vertical",
        ((-1, 0, 1),
         (-1, 0, 1),
         (-1, 0, 1)), 1,
        "vertical edges: the central difference, summed over three rows; 6 times the derivative",
        _PREWITT,
    ),
    NamedKernel(
        "prewitt_horizontal",
        ((-1, -1, -1),
         (0, 0, 0),
         (1, 1, 1)), 1,
        "horizontal edges: the central difference, summed over three columns; 6 times the derivative",
        _PREWITT,
    ),
    NamedKernel(
        "sobel_vertical",
        ((-1, 0, 1),
         (-2, 0, 2),
         (-1, 0, 1)), 1,
        "vertical edges: central difference, smoothed by [1, 2, 1]; 8 times the derivative",
        _SOBEL,
    ),
    NamedKernel(
        "sobel_horizontal",
        ((-1, -2, -1),
         (0, 0, 0),
         (1, 2, 1)), 1,
        "horizontal edges: central difference, smoothed by [1, 2, 1]; 8 times the derivative",
        _SOBEL,
    ),
    NamedKernel(
        "scharr_vertical",
        ((-3, 0, 3),
         (-10, 0, 10),
         (-3, 0, 3)), 1,
        "vertical edges: central difference, smoothed by [3, 10, 3]; 32 times the derivative",
        _SCHARR,
    ),
    NamedKernel(
        "scharr_horizontal",
        ((-3, -10, -3),
         (0, 0, 0),
         (3, 10, 3)), 1,
        "horizontal edges: central difference, smoothed by [3, 10, 3]; 32 times the derivative",
        _SCHARR,
    ),
    NamedKernel(
        "line_vertical",
        ((-1, 2, -1),
         (-1, 2, -1),
         (-1, 2, -1)), 1,
        "bright vertical lines one pixel wide",
        _GONZALEZ_WOODS + "figure 10.6",
    ),
    NamedKernel(
        "line_horizontal",
        ((-1, -1, -1),
         (2, 2, 2),
         (-1, -1, -1)), 1,
        "bright horizontal lines one pixel wide",
        _GONZALEZ_WOODS + "figure 10.6",
    ),
    NamedKernel(
        "laplacian_4",
        ((0, 1, 0),
         (1, -4, 1),
         (0, 1, 0)), 1,
        "the Laplacian from four neighbors: second differences down and across, added",
        _GONZALEZ_WOODS + "section 3.6",
    ),
    NamedKernel(
        "laplacian_8",
        ((1, 1, 1),
         (1, -8, 1),
         (1, 1, 1)), 1,
        "the Laplacian from eight neighbors: along the diagonals as well; 3 times as strong",
        _GONZALEZ_WOODS + "section 3.6",
    ),
    NamedKernel(
        "laplacian_of_gaussian",
        ((0, 0, 1, 0, 0),
         (0, 1, 2, 1, 0),
         (1, 2, -16, 2, 1),
         (0, 1, 2, 1, 0),
         (0, 0, 1, 0, 0)), 1,
        "edges where the response changes its sign: smoothing and Laplacian in one, in whole numbers",
        _MARR + "; the numbers: " + _GONZALEZ_WOODS + "figure 10.21",
    ),
)
# fmt: on


class _Kernels(Mapping[str, Tensor]):
    """A mapping that cannot be changed, neither by assignment nor through a tensor it gave away."""

    def __init__(self, entries: tuple[NamedKernel, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._entries:
            raise KeyError(_unknown(name, self._entries))
        return _tensor(self._entries[name], None, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"KERNELS({', '.join(self)})"


KERNELS: Mapping[str, Tensor] = _Kernels(_CATALOGUE)
"""The named kernels: a read-only mapping of each name to a new tensor of shape (height, width).

The tensor has torch's default type and device."""

_ENTRIES: Mapping[str, NamedKernel] = {entry.name: entry for entry in _CATALOGUE}


def about(name: str) -> NamedKernel:
    """Return what is known of a named kernel: its whole numbers, its purpose, its source.

    Parameters
    ----------
    name : str
        A key of :data:`KERNELS`.

    Returns
    -------
    NamedKernel
        (name, numbers, divisor, purpose, source).

    Raises
    ------
    ValueError
        If there is no kernel of that name; the message offers the nearest ones.

    See Also
    --------
    kernel : The kernel itself, as a tensor.

    Examples
    --------
    >>> from convbook.kernels import about
    >>> about("gaussian").divisor
    16
    >>> about("sobel_vertical").source[-41:]
    'https://doi.org/10.13140/RG.2.1.1912.4965'
    >>> about("sobel")
    Traceback (most recent call last):
    ValueError: there is no kernel named 'sobel'; did you mean 'sobel_vertical' or 'sobel_horizontal'?
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, a key of KERNELS, got {describe(name)}")
    if name not in _ENTRIES:
        raise ValueError(_unknown(name, _ENTRIES))
    return _ENTRIES[name]


def kernel(
    name: str, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
) -> Tensor:
    """Return a named kernel in the data type and on the device you need.

    Parameters
    ----------
    name : str
        A key of :data:`KERNELS`.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.  Kernels of whole numbers can be integers.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape (height, width); a new tensor with each call.

    Raises
    ------
    ValueError
        If there is no kernel of that name.
    TypeError
        If `dtype` cannot hold the kernel: fractions need a floating-point type, negative numbers a signed
        one.

    See Also
    --------
    about : What the kernel is for, and its source.
    gaussian, laplacian_of_gaussian, box : Kernels of any size.

    Examples
    --------
    >>> import torch
    >>> from convbook.kernels import kernel
    >>> kernel("sobel_vertical", dtype=torch.int64)
    tensor([[-1,  0,  1],
            [-2,  0,  2],
            [-1,  0,  1]])
    >>> kernel("box", dtype=torch.int64)
    Traceback (most recent call last):
    TypeError: kernel 'box' is divided by 9: dtype must be a floating-point type, got torch.int64
    """
    entry = about(name)
    _judge.tensor_options(dtype, device)
    return _tensor(entry, dtype, device)


def box(
    size: IntOrPair, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
) -> Tensor:
    """Return the kernel of a mean over a window.

    Parameters
    ----------
    size : int or (int, int)
        The window's height and width.
    dtype : torch.dtype, optional
        The result's floating-point type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`, each number 1 / (height · width).

    Raises
    ------
    ValueError
        If a side is below 1.
    TypeError
        If `dtype` is not a floating-point type.

    Examples
    --------
    >>> from convbook.kernels import box
    >>> box((1, 4))
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """
    height, width = _judge.made_size(size, dtype, device)
    dtype = _floating(dtype)
    return torch.full((height, width), 1 / (height * width), dtype=dtype, device=device)


def gaussian(
    size: IntOrPair | None = None,
    sigma: float = 1.0,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Return a Gaussian, sampled at the pixels and scaled to the sum 1.

    .. math:: K_{ij} \propto \exp\left(-\frac{i^2 + j^2}{2\sigma^2}\right), \qquad \sum K_{ij} = 1,

    with :math:`i` and :math:`j` counted from the middle of the kernel.

    Parameters
    ----------
    size : int or (int, int), optional
        Height and width; by default 2⌈3σ⌉ + 1, which leaves out less than 0.6 % of the weight.
    sigma : float
        The standard deviation σ in pixels.
    dtype : torch.dtype, optional
        The result's floating-point type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Raises
    ------
    ValueError
        If a side is below 1, or `sigma` is not positive and finite, or too large for a kernel of the default
        size.
    TypeError
        If `dtype` is not a floating-point type.

    See Also
    --------
    laplacian_of_gaussian : Its second derivatives.

    Examples
    --------
    >>> from convbook.kernels import gaussian
    >>> gaussian(3, sigma=1.0)
    tensor([[0.0751, 0.1238, 0.0751],
            [0.1238, 0.2042, 0.1238],
            [0.0751, 0.1238, 0.0751]])
    >>> gaussian(sigma=2.0).shape
    torch.Size([13, 13])
    """
    _judge.tensor_options(dtype, device)
    dtype = _floating(dtype)
    squares, sigma = _squared_distances(size, sigma, 3)
    # Counted from the pixel nearest to the middle, whose weight is then 1: the sum is never 0.
    weights = torch.exp(-(squares - squares.min()) / sigma / sigma / 2)
    return (weights / weights.sum()).to(device=_place(device), dtype=dtype)


def laplacian_of_gaussian(
    size: IntOrPair | None = None,
    sigma: float = 1.4,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    r"""Return the Laplacian of a Gaussian: smoothing and second derivative in one kernel.

    .. math::

       K_{ij} = \frac{i^2 + j^2 - 2\sigma^2}{2\pi\sigma^6} \exp\left(-\frac{i^2 + j^2}{2\sigma^2}\right) - c

    The constant :math:`c`, small for the default size, makes the sum zero: a flat area has no curvature.
    The middle is negative, as a Laplacian's is; figures often show the negative of it, the "Mexican hat"
    [1]_.

    Parameters
    ----------
    size : int or (int, int), optional
        Height and width; by default 2⌈4σ⌉ + 1.
    sigma : float
        The standard deviation σ of the Gaussian, in pixels.
    dtype : torch.dtype, optional
        The result's floating-point type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Raises
    ------
    ValueError
        If a side is below 1, or `sigma` is not positive and finite, too large for a kernel of the default
        size, or so small that `dtype` cannot hold the number in the middle, −1 / (πσ⁴).
    TypeError
        If `dtype` is not a floating-point type.

    See Also
    --------
    gaussian : The smoothing alone.
    convbook.edges.zero_crossings : Where its response changes sign: the edges.

    References
    ----------
    .. [1] D. Marr and E. Hildreth, *Theory of edge detection*, Proceedings of the Royal Society B 207, 1980,
       pages 187–217. https://doi.org/10.1098/rspb.1980.0020

    Examples
    --------
    >>> from convbook.kernels import laplacian_of_gaussian
    >>> laplacian_of_gaussian(3, sigma=1.0).round(decimals=4)
    tensor([[ 0.0783, -0.0183,  0.0783],
            [-0.0183, -0.2400, -0.0183],
            [ 0.0783, -0.0183,  0.0783]])
    >>> laplacian_of_gaussian(sigma=1.4).shape
    torch.Size([13, 13])
    """
    _judge.tensor_options(dtype, device)
    dtype = _floating(dtype)
    squares, sigma = _squared_distances(size, sigma, 4)
    smallest = (math.pi * torch.finfo(dtype).max) ** -0.25
    if sigma < smallest:
        raise ValueError(
            f"sigma must be at least {smallest:.2g} for {str(dtype).removeprefix('torch.')}, "
            f"which cannot hold −1 / (π·sigma⁴) otherwise, got {sigma}"
        )
    # Beyond 2000 the exponential is 0, and ∞ · 0 would be NaN.
    scaled = (squares / sigma / sigma).clamp(max=2000)
    curved = (scaled - 2) * torch.exp(-scaled / 2) / (2 * math.pi) / sigma / sigma / sigma / sigma
    return (curved - curved.mean()).to(device=_place(device), dtype=dtype)


def _tensor(entry: NamedKernel, dtype: torch.dtype | None, device: torch.device | str | None) -> Tensor:
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if entry.divisor != 1 and not dtype.is_floating_point:
        raise TypeError(
            f"kernel {entry.name!r} is divided by {entry.divisor}: dtype must be a floating-point type, got "
            f"{dtype}"
        )
    if not dtype.is_signed and min(map(min, entry.numbers)) < 0:
        raise TypeError(f"kernel {entry.name!r} has negative numbers: dtype must be signed, got {dtype}")
    numbers = torch.tensor(entry.numbers, dtype=dtype, device=device)
    return numbers if entry.divisor == 1 else numbers / entry.divisor


def _unknown(name: object, names: Mapping[str, NamedKernel]) -> str:
    near = [other for other in names if isinstance(name, str) and other.startswith(f"{name}_")]
    near = near or difflib.get_close_matches(str(name), names, n=2)
    offer = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {', '.join(names)}"
    return f"there is no kernel named {name!r}; {offer}"


def _floating(dtype: torch.dtype | None) -> torch.dtype:
    """Judge the type of a kernel of fractions; None means torch's default one."""
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating-point type, since the numbers are fractions, got {dtype}")
    return dtype


def _place(device: torch.device | str | None) -> torch.device | str:
    return torch.get_default_device() if device is None else device


def _squared_distances(size: IntOrPair | None, sigma: object, reach: int) -> tuple[Tensor, float]:
    """Judge a Gaussian's arguments; return i² + j² from its middle, in float64 on the CPU, and sigma."""
    sigma = number("sigma", sigma)
    if sigma <= 0:
        raise ValueError(f"sigma must be positive, got {sigma:g}")
    if size is None and sigma > _LARGEST_SIGMA:
        raise ValueError(
            f"sigma must be at most {_LARGEST_SIGMA} where size is not given, because the kernel has "
            f"2⌈{reach}·sigma⌉ + 1 rows and columns, got {sigma}; pass a size"
        )
    height, width = _judge.made_size(2 * math.ceil(reach * sigma) + 1 if size is None else size)
    rows = torch.arange(height, dtype=torch.float64, device="cpu") - (height - 1) / 2
    columns = torch.arange(width, dtype=torch.float64, device="cpu") - (width - 1) / 2
    return rows[:, None] ** 2 + columns**2, sigma
