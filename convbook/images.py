"""Images without downloads: synthetic ones whose every pixel is known, and one real photograph.

All of them are matrices (height, width), rows before columns, with values from 0 (black) to 1 (white),
except for :func:`ramp` and :func:`noise`, whose values have no bounds.  Each call makes a new tensor.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import torch
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair, describe, integer, number, pair

__all__ = [
    "bars",
    "checkerboard",
    "diagonal_edge",
    "digit",
    "disc",
    "edge_image",
    "half_plane",
    "impulse",
    "noise",
    "photograph",
    "ramp",
]


def edge_image(*, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> Tensor:
    """Return the 6×8 black-and-white image on which the book begins: ones, with columns 2 to 5 zero.

    Its only edges are vertical: white to black between columns 1 and 2, black to white between columns 5 and
    6.

    Parameters
    ----------
    dtype : torch.dtype, optional
        The result's type, by default torch's default one; integers do as well.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape (6, 8).

    Examples
    --------
    >>> from convbook.images import edge_image
    >>> edge_image()[0]
    tensor([1., 1., 0., 0., 0., 0., 1., 1.])
    """
    _judge.tensor_options(dtype, device)
    X = torch.ones(6, 8, dtype=dtype, device=device)
    X[:, 2:6] = 0
    return X


def impulse(
    size: IntOrPair = (7, 9),
    at: tuple[int, int] | None = None,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return an image that is zero but for a single one: what a filter makes of it is the filter itself.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    at : (row, column), optional
        Where the one stands; by default in the middle (before it, where a side is even).
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Raises
    ------
    ValueError
        If `at` lies outside of the image.

    Examples
    --------
    >>> from convbook.images import impulse
    >>> impulse(3)
    tensor([[0., 0., 0.],
            [0., 1., 0.],
            [0., 0., 0.]])
    """
    height, width = _judge.made_size(size, dtype, device)
    row, column = ((height - 1) // 2, (width - 1) // 2) if at is None else pair("at", at, 0)
    if row >= height or column >= width:
        raise ValueError(
            f"at=({row}, {column}) lies outside of the image: rows run from 0 to {height - 1}, "
            f"columns from 0 to {width - 1}"
        )
    X = torch.zeros(height, width, dtype=dtype, device=device)
    X[row, column] = 1
    return X


def ramp(
    size: IntOrPair = (6, 8),
    slope: tuple[float, float] = (0, 1),
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return a ramp: pixel (i, j) has the value slope[0]·i + slope[1]·j.

    Its derivatives are known everywhere, which makes it the test of a gradient filter.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    slope : (float, float)
        Rise a row down, and a column to the right.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Examples
    --------
    >>> from convbook.images import ramp
    >>> ramp((2, 3), (10, 1))
    tensor([[ 0.,  1.,  2.],
            [10., 11., 12.]])
    """
    height, width = _judge.made_size(size, dtype, device)
    down, right = _slope(slope)
    # Whole numbers stay exact; float64 keeps a fraction's digits whatever torch's default type is.
    count = torch.float64 if any(isinstance(rise, float) for rise in slope) else torch.int64
    rows = torch.arange(height, dtype=count, device=device)[:, None]
    columns = torch.arange(width, dtype=count, device=device)
    return (down * rows + right * columns).to(_type(dtype))


def checkerboard(
    size: IntOrPair = (6, 8),
    cell: IntOrPair = 1,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return a checkerboard, its top-left field black: the finest pattern that a grid of pixels holds.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    cell : int or (int, int)
        Height and width of a field.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Examples
    --------
    >>> from convbook.images import checkerboard
    >>> checkerboard((2, 4), (1, 2))
    tensor([[0., 0., 1., 1.],
            [1., 1., 0., 0.]])
    """
    height, width = _judge.made_size(size, dtype, device)
    down, right = (min(side, 2**62) for side in pair("cell", cell, 1))
    rows = torch.arange(height, device=device)[:, None] // down
    columns = torch.arange(width, device=device) // right
    return ((rows + columns) % 2).to(_type(dtype))


def diagonal_edge(
    size: IntOrPair = 8,
    *,
    anti: bool = False,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return a black-and-white image whose edge runs along a diagonal.

    White above the main diagonal, from the top left to the bottom right; with ``anti=True``, white below the
    other diagonal, from the top right to the bottom left.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    anti : bool
        Choose the other diagonal.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Examples
    --------
    >>> from convbook.images import diagonal_edge
    >>> diagonal_edge(3)
    tensor([[0., 1., 1.],
            [0., 0., 1.],
            [0., 0., 0.]])
    >>> diagonal_edge(3, anti=True)
    tensor([[0., 0., 0.],
            [0., 0., 1.],
            [0., 1., 1.]])
    """
    height, width = _judge.made_size(size, dtype, device)
    rows = torch.arange(height, device=device)[:, None]
    columns = torch.arange(width, device=device)
    white = rows + columns > width - 1 if _judge.flag("anti", anti) else columns > rows
    return white.to(_type(dtype))


def half_plane(
    size: IntOrPair = 33,
    angle: float = 0.0,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return an edge through the middle of the image, at any angle, with softened pixels.

    The image brightens in the direction of `angle`.  A pixel on the edge has the share of white that a unit
    step, averaged over one pixel's width, has there, so that the angle is not lost in a staircase.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    angle : float
        The direction in which it brightens, in radians: 0 to the right, π/2 downwards.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Examples
    --------
    >>> from convbook.images import half_plane
    >>> half_plane((2, 5))
    tensor([[0.0000, 0.0000, 0.5000, 1.0000, 1.0000],
            [0.0000, 0.0000, 0.5000, 1.0000, 1.0000]])
    """
    angle = number("angle", angle)
    rows, columns = _from_the_middle(size, dtype, device)
    distance = math.sin(angle) * rows + math.cos(angle) * columns
    return (distance + 0.5).clamp(0, 1).to(_type(dtype))


def bars(
    size: IntOrPair = 33,
    period: float = 8.0,
    angle: float = 0.0,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return a grating: brightness that rises and falls as a cosine along one direction.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    period : float
        Pixels from one bright line to the next.
    angle : float
        The direction across the bars, in radians: 0 gives vertical bars, π/2 horizontal ones.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`, values from 0 to 1; the middle of the image is bright.

    Raises
    ------
    ValueError
        If `period` is below 2: pixels cannot show it.

    Examples
    --------
    >>> from convbook.images import bars
    >>> bars((1, 5), period=2)
    tensor([[1., 0., 1., 0., 1.]])
    """
    period, angle = number("period", period), number("angle", angle)
    if period < 2:
        raise ValueError(f"period must be at least 2 pixels (one bright, one dark), got {period}")
    rows, columns = _from_the_middle(size, dtype, device)
    distance = math.sin(angle) * rows + math.cos(angle) * columns
    return (0.5 + 0.5 * torch.cos(2 * math.pi / period * distance)).to(_type(dtype))


def disc(
    size: IntOrPair = 33,
    radius: float = 10.0,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return a white disc in the middle of a black image: edges of every direction in one picture.

    Pixels on the rim are gray by their distance from it, as in :func:`half_plane`.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    radius : float
        The disc's radius in pixels.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`.

    Raises
    ------
    ValueError
        If `radius` is not positive.

    Examples
    --------
    >>> from convbook.images import disc
    >>> disc((3, 5), radius=1.5)
    tensor([[0.0000, 0.5858, 1.0000, 0.5858, 0.0000],
            [0.0000, 1.0000, 1.0000, 1.0000, 0.0000],
            [0.0000, 0.5858, 1.0000, 0.5858, 0.0000]])
    """
    radius = number("radius", radius)
    if radius <= 0:
        raise ValueError(f"radius must be positive, got {radius}")
    rows, columns = _from_the_middle(size, dtype, device)
    return (radius + 0.5 - torch.hypot(rows, columns)).clamp(0, 1).to(_type(dtype))


_GLYPHS = (
    ".####.\n##..##\n##..##\n##..##\n##..##\n##..##\n##..##\n.####.",
    "..##..\n.###..\n####..\n..##..\n..##..\n..##..\n..##..\n######",
    ".####.\n##..##\n....##\n...##.\n..##..\n.##...\n##....\n######",
    ".####.\n##..##\n....##\n..###.\n....##\n....##\n##..##\n.####.",
    "...##.\n..###.\n.####.\n##.##.\n##.##.\n######\n...##.\n...##.",
    "######\n##....\n##....\n#####.\n....##\n....##\n##..##\n.####.",
    "..###.\n.##...\n##....\n#####.\n##..##\n##..##\n##..##\n.####.",
    "######\n....##\n...##.\n...##.\n..##..\n..##..\n.##...\n.##...",
    ".####.\n##..##\n##..##\n.####.\n##..##\n##..##\n##..##\n.####.",
    ".####.\n##..##\n##..##\n##..##\n.#####\n....##\n...##.\n.###..",
)
"""The ten digits as 8×6 pixels, drawn here for the book."""


def digit(
    which: int = 5, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
) -> Tensor:
    """Return a digit, white on black, 8×6 pixels in a margin of two.

    Parameters
    ----------
    which : int
        The digit, 0 to 9.
    dtype : torch.dtype, optional
        The result's type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape (12, 10).

    Raises
    ------
    ValueError
        If `which` is no digit.

    Examples
    --------
    >>> from convbook.images import digit
    >>> for row in digit(7, dtype=torch.int64)[2:10, 2:8].tolist():
    ...     print("".join(".#"[pixel] for pixel in row))
    ######
    ....##
    ...##.
    ...##.
    ..##..
    ..##..
    .##...
    .##...
    """
    if integer("which", which, 0) > 9:
        raise ValueError(f"which must be a digit from 0 to 9, got {which}")
    pixels = [[float(mark == "#") for mark in row] for row in _GLYPHS[which].split("\n")]
    _judge.tensor_options(dtype, device)
    X = torch.zeros(12, 10, dtype=dtype, device=device)
    X[2:10, 2:8] = torch.tensor(pixels, dtype=dtype, device=device)
    return X


def noise(
    size: IntOrPair = (6, 8),
    std: float = 1.0,
    *,
    generator: torch.Generator | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return independent Gaussian noise of mean zero.

    Parameters
    ----------
    size : int or (int, int)
        Height and width.
    std : float
        The standard deviation.
    generator : torch.Generator, optional
        The source of chance; pass a seeded one to get the same noise again.
    dtype : torch.dtype, optional
        The result's floating-point type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives; the generator's device, if there is one.

    Returns
    -------
    Tensor
        Shape `size`.

    Raises
    ------
    ValueError
        If `std` is negative.

    Examples
    --------
    >>> from convbook.images import noise
    >>> import torch
    >>> chance = torch.Generator().manual_seed(0)
    >>> noise((200, 300), std=0.1, generator=chance).std()
    tensor(0.0998)
    """
    std = number("std", std)
    if std < 0:
        raise ValueError(f"std must not be negative, got {std}")
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(f"generator must be a torch.Generator, got {describe(generator)}")
    place = generator.device if generator is not None and device is None else device
    shape = _judge.made_size(size, dtype, place)
    if not _type(dtype).is_floating_point:
        raise TypeError(f"dtype must be a floating-point type, since noise has fractions, got {dtype}")
    return std * torch.randn(shape, generator=generator, dtype=dtype, device=place)


_LUMA = (299, 587, 114)
"""Thousandths of red, green and blue in a gray value: Recommendation ITU-R BT.601-7, section 2.5.1.

https://www.itu.int/rec/R-REC-BT.601-7-201103-I
"""


def photograph(
    size: IntOrPair | None = None,
    *,
    rows: tuple[int, int] | None = None,
    columns: tuple[int, int] | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return a real photograph in shades of gray: Rear Admiral Grace Hopper, 600×512 pixels.

    The picture is part of matplotlib, which convbook requires: nothing is downloaded, and matplotlib itself
    is not loaded.  It is an official photograph of the United States Navy, and so in the public domain.

    Parameters
    ----------
    size : int or (int, int), optional
        Shrink to this height and width: each new pixel is the mean over exactly the area that it covers,
        parts of pixels included.  By default every pixel stays.
    rows, columns : (int, int), optional
        Cut out the rows and the columns from the first number up to, but without, the second; before
        shrinking.
    dtype : torch.dtype, optional
        The result's floating-point type, by default torch's default one.
    device : torch.device or str, optional
        Where the result lives, by default torch's default device.

    Returns
    -------
    Tensor
        Shape `size`, or that of the cut; values from 0 (black) to 1 (white).

    Raises
    ------
    ValueError
        If a cut leaves the picture, or `size` is larger than what is left.
    TypeError
        If `dtype` is not a floating-point type: the values lie between 0 and 1.
    FileNotFoundError
        If matplotlib was installed without its sample data.

    Notes
    -----
    Gray is 0.299 red + 0.587 green + 0.114 blue, the luma of [1]_, which is defined on the gamma-corrected
    values that a JPEG file holds.  Decoders of JPEG may differ by 1 in 255.  Sums are exact, and divided
    once.

    References
    ----------
    .. [1] Recommendation ITU-R BT.601-7, *Studio encoding parameters of digital television*, 2011.
       https://www.itu.int/rec/R-REC-BT.601-7-201103-I

    Examples
    --------
    >>> from convbook.images import photograph
    >>> photograph().shape, photograph((75, 64)).shape, photograph(rows=(40, 300), columns=(120, 380)).shape
    (torch.Size([600, 512]), torch.Size([75, 64]), torch.Size([260, 260]))
    """
    _judge.tensor_options(dtype, device)
    dtype = _type(dtype)
    if not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating-point type, since gray lies between 0 and 1, got {dtype}")
    gray = _decode(_photograph_path())
    gray = gray[_cut("rows", rows, gray.shape[0]), _cut("columns", columns, gray.shape[1])]
    height, width = gray.shape if size is None else pair("size", size, 1)
    if height > gray.shape[0] or width > gray.shape[1]:
        raise ValueError(
            f"size ({height}, {width}) is larger than the {gray.shape[0]}×{gray.shape[1]} pixels there are: "
            "averaging over areas can only shrink"
        )
    # Sums of integers below 2⁵³ are exact in float64, whose matrix products are much quicker.
    rows_of, columns_of = _shares(gray.shape[0], height), _shares(gray.shape[1], width)
    total = rows_of.double() @ gray.double() @ columns_of.double().T
    covered = gray.shape[0] * gray.shape[1]
    place = torch.get_default_device() if device is None else device
    return (total / (1000 * 255 * covered)).to(device=place, dtype=dtype)


def _type(dtype: torch.dtype | None) -> torch.dtype:
    return torch.get_default_dtype() if dtype is None else dtype


def _photograph_path() -> Path:
    """Find the picture without loading matplotlib, which costs a third of a second."""
    spec = importlib.util.find_spec("matplotlib")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder, "mpl-data", "sample_data", "grace_hopper.jpg")
        if path.is_file():
            return path
    raise FileNotFoundError(
        "the photograph is matplotlib's sample file grace_hopper.jpg, and this installation lacks it; "
        "`pip install --force-reinstall matplotlib` brings it"
    )


def _decode(path: Path) -> Tensor:
    """Return a color picture's gray values in units of 1/255000, as integers."""
    from PIL import Image  # Pillow comes with matplotlib, and is needed here only

    with Image.open(path) as picture:
        width, height = picture.size
        pixels = bytearray(picture.convert("RGB").tobytes())
    colors = torch.frombuffer(pixels, dtype=torch.uint8).reshape(height, width, 3).long()
    return (colors * torch.tensor(_LUMA, device="cpu")).sum(2)


def _cut(name: str, bounds: tuple[int, int] | None, length: int) -> slice:
    if bounds is None:
        return slice(0, length)
    first, end = pair(name, bounds, 0)
    if not first < end <= length:
        raise ValueError(
            f"{name}=({first}, {end}) must hold first < end ≤ {length}, the picture's number of {name}"
        )
    return slice(first, end)


def _shares(length: int, parts: int) -> Tensor:
    """Return how much of each old pixel lies in each new one, in units of 1/parts of an old pixel.

    On a line of length × parts units, old pixel r covers the units from r·parts, new pixel i those from
    i·length.

    Examples
    --------
    >>> _shares(3, 2)
    tensor([[2, 1, 0],
            [0, 1, 2]])
    """
    old = torch.arange(length, device="cpu") * parts
    new = torch.arange(parts, device="cpu")[:, None] * length
    return (torch.minimum(old + parts, new + length) - torch.maximum(old, new)).clamp(min=0)


def _slope(slope: object) -> tuple[float, float]:
    """Judge a pair of numbers; whole ones stay integers."""
    if not isinstance(slope, (tuple, list)) or len(slope) != 2:
        raise TypeError(f"slope must be a pair of numbers (rise a row, rise a column), got {describe(slope)}")
    for rise in slope:
        number("slope", rise)
    return slope[0], slope[1]


def _from_the_middle(
    size: IntOrPair, dtype: torch.dtype | None, device: torch.device | str | None
) -> tuple[Tensor, Tensor]:
    """Return each row's and each column's distance from the middle of the image, signed, in float64."""
    height, width = _judge.made_size(size, dtype, device)
    rows = torch.arange(height, dtype=torch.float64, device=device)[:, None] - (height - 1) / 2
    columns = torch.arange(width, dtype=torch.float64, device=device) - (width - 1) / 2
    return rows, columns
