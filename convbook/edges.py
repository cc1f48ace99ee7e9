"""Edge detection: named kernels slid over images, and the gradient's magnitude and direction.

Images are matrices (rows, columns), or stacks of them with any leading dimensions.  A gradient has two
parts, rows before columns: how much brighter the image gets a step *down*, and a step *to the right*.
Directions are angles in radians: 0 is to the right, π/2 is down, since rows count downwards.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from convbook import _judge, kernels
from convbook._forms import PaddingLike, describe
from convbook.conv import conv2d

__all__ = [
    "OPERATORS",
    "detect_edges",
    "image_gradient",
    "magnitude",
    "orientation",
    "zero_crossings",
]

_RAMP_RESPONSE: Mapping[str, float] = {
    "central": 2,
    "prewitt": 6,
    "sobel": 8,
    "scharr": 32,
    # Its differences run over a diagonal, √2 pixels long.
    "roberts": math.sqrt(2),
}
"""What each operator's part gives on an image that brightens by 1 a pixel in that direction."""

OPERATORS: tuple[str, ...] = tuple(_RAMP_RESPONSE)
"""The gradient operators: each is a pair of kernels, one for each direction."""


def detect_edges(
    X: Tensor,
    kernel: str | Tensor = "vertical",
    *,
    padding: PaddingLike = 0,
    padding_mode: str = "zeros",
    method: str = "auto",
) -> Tensor:
    """Slide an edge kernel over an image.

    The kernel is a name, an operator or your own matrix.  A name of :data:`convbook.KERNELS`, such as
    "vertical" or "laplacian_4", gives that kernel's signed response.  An operator of :data:`OPERATORS`, such
    as "sobel", gives the magnitude of its gradient, which shows edges of all directions and has no sign.

    Parameters
    ----------
    X : Tensor
        An image, shape (rows, columns), or a stack of images, shape (…, rows, columns).
    kernel : str or Tensor
        A key of ``KERNELS``, an operator, or a matrix in the data type of `X` (for an image of integers, any
        integers).
    padding : int, pair, "valid", "same" or ((top, bottom), (left, right))
        As in :func:`convbook.conv2d`.  Without padding the result is smaller than the image.
    padding_mode : {"zeros", "reflect", "replicate", "circular", "symmetric"}
        How the padding is filled.  Zeros draw an edge around a bright image; "replicate" does not.
    method : str
        How :func:`convbook.conv2d` computes it.

    Returns
    -------
    Tensor
        The response, in the data type of `X`.  Integers give int64, exactly modulo 2⁶⁴: a response is
        negative where the image darkens, and larger than any pixel.

    Raises
    ------
    ValueError
        If `X` has fewer than two dimensions, the kernel's name is unknown, or the kernel does not fit into
        the image.
    TypeError
        If `X` is bool, or has integers where the answer has fractions: a magnitude is a root.

    See Also
    --------
    image_gradient : Both parts of the gradient, with their signs.
    zero_crossings : The edges in a Laplacian's response.

    Notes
    -----
    A response of ±1 at the edges comes from black-and-white images only: the response is as large as the
    step.

    Examples
    --------
    >>> from convbook.edges import detect_edges
    >>> from convbook.images import edge_image
    >>> detect_edges(edge_image())[0]
    tensor([ 0.,  1.,  0.,  0.,  0., -1.,  0.])

    Turned by a quarter, the image has no vertical edge left:

    >>> detect_edges(edge_image().T).abs().max()
    tensor(0.)

    The operators answer to both:

    >>> detect_edges(edge_image().T, "sobel")[:, 0]
    tensor([4., 4., 0., 0., 4., 4.])
    """
    X = _not_in_color(_image(X))
    if isinstance(kernel, str) and kernel in OPERATORS:
        if not X.is_floating_point():
            raise TypeError(
                f"kernel={kernel!r} gives a magnitude, a root, which needs a floating-point image, got X of "
                f"{X.dtype}; pass X.float()"
            )
        down, right = image_gradient(X, kernel, padding=padding, padding_mode=padding_mode, method=method)
        return magnitude(down, right)
    return _slide(X, _kernel(kernel, X), padding, padding_mode, method)


def image_gradient(
    X: Tensor,
    operator: str = "sobel",
    *,
    per_pixel: bool = False,
    padding: PaddingLike = 0,
    padding_mode: str = "zeros",
    method: str = "auto",
) -> tuple[Tensor, Tensor]:
    """Return how an image brightens down the rows, and along the columns.

    Parameters
    ----------
    X : Tensor
        An image, shape (rows, columns), or a stack of images, shape (…, rows, columns).
    operator : {"central", "prewitt", "sobel", "scharr", "roberts"}
        The pair of kernels.  All but "roberts" are 3×3; "roberts" is 2×2, and its answers belong to the
        corners between pixels.  Roberts's differences run along the diagonals; they are turned by 45° here,
        which keeps their magnitude.
    per_pixel : bool
        Divide by what the operator gives on a slope of 1, so that the answer is in gray levels a pixel, and
        operators can be compared.  By default the kernels' plain response is returned.
    padding : int, pair, "valid", "same" or ((top, bottom), (left, right))
        As in :func:`convbook.conv2d`.
    padding_mode : {"zeros", "reflect", "replicate", "circular", "symmetric"}
        How the padding is filled.
    method : str
        How :func:`convbook.conv2d` computes it.

    Returns
    -------
    tuple of Tensor
        (rows, columns): positive where it brightens downwards, and where it brightens to the right; in the
        data type of `X`, int64 for integers.

    Raises
    ------
    ValueError
        If `X` has fewer than two dimensions, the operator is unknown, or its kernels do not fit into the
        image.
    TypeError
        If `X` is bool, or has integers where the answer has fractions: with ``per_pixel=True``, and with the
        operator "roberts".

    See Also
    --------
    magnitude : How steep it is, whatever the direction.
    orientation : The direction in which it brightens.

    Examples
    --------
    On a slope that rises by 10 a row and by 1 a column the answer is known:

    >>> from convbook.edges import image_gradient
    >>> from convbook.images import ramp
    >>> down, right = image_gradient(ramp((4, 5), (10, 1)), "sobel", per_pixel=True)
    >>> down.unique(), right.unique()
    (tensor([10.]), tensor([1.]))
    """
    X = _not_in_color(_image(X))
    _judge.one_of("operator", operator, OPERATORS)
    per_pixel = _judge.flag("per_pixel", per_pixel)
    if (per_pixel or operator == "roberts") and not X.is_floating_point():
        what = "per_pixel=True divides" if per_pixel else "operator='roberts' turns its differences by 45°"
        raise TypeError(f"{what}, which needs a floating-point image, got X of {X.dtype}; pass X.float()")
    if operator == "roberts":
        along, across = (
            _slide(X, _kernel(f"roberts_{which}", X), padding, padding_mode, method)
            for which in ("antidiagonal", "diagonal")
        )
        parts = (along - across) / math.sqrt(2), (along + across) / math.sqrt(2)
    else:
        down, right = (
            _slide(X, _three_by_three(_kernel(f"{operator}_{which}", X)), padding, padding_mode, method)
            for which in ("horizontal", "vertical")
        )
        parts = down, right
    if per_pixel:
        parts = parts[0] / _RAMP_RESPONSE[operator], parts[1] / _RAMP_RESPONSE[operator]
    return parts


def magnitude(rows: Tensor, columns: Tensor) -> Tensor:
    """Return the length of a gradient: how steep the image is, whatever the direction.

    Parameters
    ----------
    rows, columns : Tensor
        The gradient's two parts, of one shape and a floating-point type.

    Returns
    -------
    Tensor
        √(rows² + columns²).  Where both are zero its derivative is taken as zero.

    Raises
    ------
    ValueError
        If the shapes differ.
    TypeError
        If they are not floating-point tensors.

    Examples
    --------
    >>> import torch
    >>> from convbook.edges import magnitude
    >>> magnitude(torch.tensor([3.0, 0.0]), torch.tensor([4.0, -2.0]))
    tensor([5., 2.])
    """
    _two_parts(rows, columns)
    # hypot squares nothing that could become 0 or ∞; its slope at (0, 0) would be 0 / 0.
    flat = (rows == 0) & (columns == 0)
    return torch.hypot(rows.masked_fill(flat, 1), columns).masked_fill(flat, 0)


def orientation(rows: Tensor, columns: Tensor) -> Tensor:
    """Return the direction in which an image brightens.

    An edge itself runs at right angles to it.  Where the gradient is zero there is no direction: the angle
    given there is 0 and means nothing, so look at it together with :func:`magnitude`.

    Parameters
    ----------
    rows, columns : Tensor
        The gradient's two parts, of one shape and a floating-point type.

    Returns
    -------
    Tensor
        Angles in radians, from −π to π: 0 is to the right, π/2 down, −π/2 up, ±π to the left.

    Raises
    ------
    ValueError
        If the shapes differ.
    TypeError
        If they are not floating-point tensors.

    Examples
    --------
    >>> import torch
    >>> from convbook.edges import orientation
    >>> to_the_right, down = torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])
    >>> orientation(rows=to_the_right, columns=down).rad2deg()
    tensor([ 0., 90.])
    """
    _two_parts(rows, columns)
    # The slope of atan2 squares both parts, which may give 0 or ∞; divided by their length they are near 1.
    down, right = (part.to(_judge.accumulator(part.dtype)) for part in (rows, columns))
    length = torch.hypot(down.detach(), right.detach())
    length = torch.where((length > 0) & (length < torch.inf), length, 1)
    return torch.atan2(down / length, right / length).to(rows.dtype)


def zero_crossings(Y: Tensor, threshold: float = 0.0) -> Tensor:
    """Mark where a response changes its sign from a pixel to the next: the edges, for a Laplacian.

    A zero between a positive and a negative pixel counts as a change as well; zeros beside each other do not.

    Parameters
    ----------
    Y : Tensor
        A response, shape (…, rows, columns), such as that of "laplacian_of_gaussian".
    threshold : float
        Count a change only where the two values differ by more than this; it keeps faint ones, such as
        noise, out.

    Returns
    -------
    Tensor
        Bool, the shape of `Y`: True at the upper or the left one of the two pixels, or at the zero between
        them.

    Raises
    ------
    ValueError
        If `Y` has fewer than two dimensions, or `threshold` is negative.
    TypeError
        If the numbers of `Y` have no sign: it is bool, unsigned or complex.

    References
    ----------
    .. [1] D. Marr and E. Hildreth, *Theory of edge detection*, Proceedings of the Royal Society B 207, 1980,
       pages 187–217. https://doi.org/10.1098/rspb.1980.0020

    Examples
    --------
    >>> import torch
    >>> from convbook.edges import zero_crossings
    >>> zero_crossings(torch.tensor([[0.0, 0.0, 2.0, 5.0, -5.0, -2.0, 0.0, 3.0]])).int()
    tensor([[0, 0, 0, 1, 0, 0, 1, 0]], dtype=torch.int32)
    """
    Y = _image(Y, "Y")
    if not Y.dtype.is_signed or Y.is_complex():
        raise TypeError(f"Y must hold numbers with a sign, real ones, got {Y.dtype}")
    if _judge.number("threshold", threshold, finite=False) < 0:
        raise ValueError(f"threshold must not be negative, got {threshold}")
    return _crossings_along(Y, -2, threshold) | _crossings_along(Y, -1, threshold)


def _crossings_along(Y: Tensor, dim: int, threshold: float) -> Tensor:
    length = Y.shape[dim]
    found = torch.zeros_like(Y, dtype=torch.bool)
    if length < 2:
        return found
    change = _differ(Y.narrow(dim, 0, length - 1), Y.narrow(dim, 1, length - 1), threshold)
    last = found.narrow(dim, 0, 1)
    found = torch.cat((change, last), dim)
    if length > 2:
        around = _differ(Y.narrow(dim, 0, length - 2), Y.narrow(dim, 2, length - 2), threshold)
        at_zero = around & (Y.narrow(dim, 1, length - 2) == 0)
        found = found | torch.cat((last, at_zero, last), dim)
    return found


def _differ(one: Tensor, other: Tensor, threshold: float) -> Tensor:
    """Say where two values have opposite signs and lie further apart than the threshold."""
    # Signs first: the product of two small values could become zero.
    opposite = one.sign() * other.sign() < 0
    if one.is_floating_point():
        return opposite & ((one - other).abs() > float(threshold))
    # A difference of int8 needs 9 bits. One of int64 that does not fit wraps, and is 2⁶⁴ too small.
    difference = torch.maximum(one, other).long() - torch.minimum(one, other).long()
    whole = math.floor(min(threshold, 2**64))
    if whole < 2**63:
        return opposite & ((difference > whole) | (difference < 0))
    return opposite & (difference < 0) & (difference > whole - 2**64)


def _image(X: object, name: str = "X") -> Tensor:
    X = _judge.tensor(name, X)
    if X.dim() < 2:
        raise ValueError(
            f"{name} must be an image (rows, columns) or a stack (…, rows, columns), got shape "
            f"{tuple(X.shape)}"
        )
    if 0 in X.shape[-2:]:
        raise ValueError(f"{name} must have at least one row and one column, got shape {tuple(X.shape)}")
    _judge.arithmetic_dtype(name, X)
    return X


def _not_in_color(X: Tensor) -> Tensor:
    """Refuse a color image as NumPy has it, which would be a stack of images of three columns."""
    sizes = tuple(X.shape)
    if X.dim() == 3 and _judge.channels_seem_last(sizes):
        raise ValueError(
            f"X must be an image (rows, columns) or a stack (…, rows, columns), got {sizes}, as color "
            f"images have it; bring the channels forward with {_judge.channels_forward(sizes, 'X')}, or pass "
            f"X[None] for a stack of images of {sizes[2]} columns"
        )
    return X


def _kernel(kernel: str | Tensor, X: Tensor) -> Tensor:
    """Return a kernel given by name, or judge one given as a matrix."""
    if isinstance(kernel, Tensor):
        return _judge.matrix("kernel", kernel)
    if not isinstance(kernel, str):
        raise TypeError(f"kernel must be a name or a matrix, got {describe(kernel)}")
    if kernel not in kernels.KERNELS and (near := difflib.get_close_matches(kernel.lower(), OPERATORS, n=1)):
        raise ValueError(
            f"kernel must be a key of KERNELS, one of the operators {', '.join(map(repr, OPERATORS))}, or a "
            f"matrix, got {kernel!r}; did you mean {near[0]!r}?"
        )
    dtype = torch.int64 if X.dtype in _judge.INTEGERS else X.dtype
    return kernels.kernel(kernel, dtype=dtype, device=X.device)


def _three_by_three(K: Tensor) -> Tensor:
    """Surround a line of three numbers by zeros, so that both parts of a gradient have one shape."""
    rows, columns = K.shape
    return torch.nn.functional.pad(K, ((3 - columns) // 2,) * 2 + ((3 - rows) // 2,) * 2)


def _slide(X: Tensor, K: Tensor, padding: PaddingLike, padding_mode: str, method: str) -> Tensor:
    """Correlate each image of a stack with one kernel."""
    if X.dtype in _judge.INTEGERS and K.dtype in _judge.INTEGERS:
        X, K = X.long(), K.long()
    images = X.reshape(math.prod(X.shape[:-2]), 1, *X.shape[-2:])
    Y = conv2d(images, K[None, None], padding=padding, padding_mode=padding_mode, method=method)
    return Y.reshape(*X.shape[:-2], *Y.shape[-2:])


def _two_parts(rows: Tensor, columns: Tensor) -> None:
    for name, part in (("rows", rows), ("columns", columns)):
        if not _judge.tensor(name, part).is_floating_point():
            raise TypeError(f"{name} must be a floating-point tensor, got {part.dtype}; pass {name}.float()")
    if rows.shape != columns.shape:
        raise ValueError(
            f"rows and columns must have one shape, got {tuple(rows.shape)} and {tuple(columns.shape)}"
        )
    _judge.same_device(rows=rows, columns=columns)
