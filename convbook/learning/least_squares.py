"""The kernel of least squared error, in one step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair
from convbook.learning._equations import (
    NOT_FINITE,
    equations_of,
    rounded,
    singular_values,
    split_parameters,
    with_fixed_signs,
)


@dataclass(frozen=True, eq=False, repr=False)
class KernelSolution:
    """What :func:`least_squares_kernel` found.

    Attributes
    ----------
    weight : Tensor of shape (kernel_rows, kernel_columns)
        The kernel of least squared error; where several have it, the shortest of them.
    bias : Tensor of shape () or None
        Likewise.
    loss : Tensor of shape ()
        The summed squared error that is left.
    rank : int
        Number of directions that the image determines.
    null_space : Tensor of shape (parameters − rank, parameters)
        One a row, of length 1: what may be added to the kernel (and bias, last) without changing a pixel of
        the output.
    """

    weight: Tensor
    bias: Tensor | None
    loss: Tensor
    rank: int
    null_space: Tensor

    @property
    def unique(self) -> bool:
        """Whether the image determines the kernel."""
        return len(self.null_space) == 0

    def __repr__(self) -> str:
        """Return the kernel, what is left of the loss, and what the image leaves open."""
        bias = "" if self.bias is None else f", bias {float(self.bias):.4g}"
        open_ = (
            "" if self.unique else f"\nnot unique: any multiple of {rounded(self.null_space)} may be added"
        )
        return f"KernelSolution: weight {rounded(self.weight)}{bias}, loss {rounded(self.loss)}{open_}"


def least_squares_kernel(X: Tensor, Y: Tensor, kernel_size: IntOrPair, bias: bool = False) -> KernelSolution:
    """Find the kernel that turns `X` into `Y` in one step, by linear least squares.

    Parameters
    ----------
    X : Tensor of shape (rows, columns) or (images, rows, columns)
        The image, or several of one size.  float32 or float64.
    Y : Tensor of shape (output_rows, output_columns), or (images, output_rows, output_columns)
        What the unknown kernel made of `X`.
    kernel_size : int or pair of int
        Rows and columns of the kernel.
    bias : bool, optional
        Find a bias too.

    Returns
    -------
    KernelSolution
        The kernel of least squared error.  Where the image leaves it open, the one of least norm and the
        directions that are open.

    Raises
    ------
    TypeError
        If `X` or `Y` is not a float32 or float64 tensor.
    ValueError
        If a shape, dtype or device does not match, or `X` or `Y` is not finite.

    See Also
    --------
    learn_kernel : many steps towards the same kernel.

    Notes
    -----
    Computed in float64 through the triangle R of the windows' QR factorization and R's singular values: no
    squares of windows, so no digits lost to them [1]_.

    References
    ----------
    .. [1] G. H. Golub, "Numerical methods for solving linear least squares problems", Numerische
       Mathematik 7, 1965.  https://doi.org/10.1007/BF01436075

    Examples
    --------
    >>> X = torch.ones(6, 8)
    >>> X[:, 2:6] = 0
    >>> Y = X[:, :-1] - X[:, 1:]
    >>> least_squares_kernel(X, Y, (1, 2)).weight.round(decimals=4).tolist()
    [[1.0, -1.0]]

    An image of ones has nothing to tell the two weights apart by:

    >>> solution = least_squares_kernel(torch.ones(6, 8), 4 * torch.ones(6, 7), (1, 2))
    >>> solution
    KernelSolution: weight [[2, 2]], loss 0
    not unique: any multiple of [[0.7071, -0.7071]] may be added
    >>> solution.unique
    False
    """
    X, kernel = _judge.image_and_kernel_size(X, kernel_size)
    Y, bias = _judge.output_image(X, Y, kernel), _judge.flag("bias", bias)
    with torch.no_grad():
        equations = equations_of(X, Y, kernel, bias)
        if not math.isfinite(float(equations.square().sum())):
            raise ValueError(NOT_FINITE)
        triangle = torch.linalg.qr(equations, mode="r").R
        windows, targets = triangle[:, :-1], triangle[:, -1]
        left, sigmas, directions, rank = singular_values(windows, len(equations), X.dtype)
        solution = directions[:rank].T @ ((left[:, :rank].T @ targets) / sigmas[:rank])
        loss = (windows @ solution - targets).square().sum()
        weight, offset = split_parameters(solution.to(X.dtype), kernel, bias)
        return KernelSolution(
            weight=weight,
            bias=offset,
            loss=loss.to(X.dtype),
            rank=rank,
            null_space=with_fixed_signs(directions[rank:].T).T.to(X.dtype),
        )
