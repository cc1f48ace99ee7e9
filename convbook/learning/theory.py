"""The theory: what a run will do, from the eigenvalues of the image's windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair, Pair, describe, integer
from convbook.learning._equations import (
    NOT_FINITE,
    Reduction,
    rounded,
    singular_values,
    wide_dtype,
    windows_as_rows,
    with_fixed_signs,
)


@dataclass(frozen=True, eq=False, repr=False)
class LearningTheory:
    """The quadratic that :func:`learn_kernel` descends: what it will do on an image, known beforehand.

    Errors are written as vectors: the kernel's error row by row, and the bias's last where there is one.  All
    numbers are float64, because squaring the windows costs half of the digits.

    Attributes
    ----------
    matrix : Tensor of shape (parameters, parameters)
        A = PᵀP, the products of the windows' pixels with each other, summed over all windows (or averaged).
    eigenvalues : Tensor of shape (parameters,)
        Ascending: how steep the loss is along each direction.
    eigenvectors : Tensor of shape (parameters, parameters)
        The directions, one a *column*, of length 1.
    kernel_size : tuple of int
        Rows and columns of the kernel.
    bias : bool
        Whether the last parameter is a bias.
    momentum : float
        The momentum that the rates below are meant for.
    rank : int
        Number of directions that the image can teach; the others have eigenvalue 0.

    See Also
    --------
    learn_kernel : the run that this predicts.
    """

    matrix: Tensor
    eigenvalues: Tensor
    eigenvectors: Tensor
    kernel_size: Pair
    bias: bool
    momentum: float
    rank: int

    @property
    def critical_lr(self) -> float:
        """The rate above which runs diverge, (1 + momentum) / λmax; infinite if nothing can be learned."""
        return (1 + self.momentum) / float(self.eigenvalues[-1]) if self.rank else math.inf

    @property
    def best_lr(self) -> float:
        """The fixed rate that shrinks the slowest direction most, (1 + momentum) / (λmin + λmax).

        λmin is the smallest eigenvalue that is not 0: no rate moves the others.
        """
        if not self.rank:
            return math.inf
        smallest, largest = float(self.eigenvalues[-self.rank]), float(self.eigenvalues[-1])
        return (1 + self.momentum) / (smallest + largest)

    @property
    def condition(self) -> float:
        """The largest eigenvalue over the smallest that is not 0: the larger, the slower any run."""
        return float(self.eigenvalues[-1] / self.eigenvalues[-self.rank]) if self.rank else math.inf

    @property
    def best_momentum(self) -> float:
        """The momentum that shrinks the slowest direction most, ((√κ − 1) / (√κ + 1))², κ the condition."""
        root = math.sqrt(self.condition)
        return ((root - 1) / (root + 1)) ** 2 if self.rank else 0.0

    @property
    def null_space(self) -> Tensor:
        """Directions that the image says nothing about, one a row, (parameters − rank, parameters)."""
        return self.eigenvectors[:, : len(self.eigenvalues) - self.rank].T.clone()

    def loss(self, error: Tensor) -> Tensor:
        """Height of the loss above its minimum, eᵀAe, for an error e, or for many: (…, parameters) → (…).

        Examples
        --------
        >>> theory = learning_theory(torch.ones(2, 2), (1, 2))
        >>> theory.loss(torch.tensor([[1.0, 0.0], [1.0, -1.0]])).tolist()
        [2.0, 0.0]
        """
        error = self._as_errors(error)
        return ((error @ self.matrix) * error).sum(-1)

    def energies(self, error: Tensor) -> Tensor:
        """Return the part of the loss that lies in each direction, λ (vᵀe)²; in sum, the loss.

        Parameters
        ----------
        error : Tensor of shape (parameters,), or (kernel_rows, kernel_columns) without bias
            The first kernel minus the true one.

        Examples
        --------
        >>> X = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        >>> learning_theory(X, 1).energies(torch.tensor([[2.0]])).round(decimals=6).tolist()
        [40.0]
        """
        return self.eigenvalues * (self._as_errors(error) @ self.eigenvectors).square()

    def factors(self, lr: float) -> Tensor:
        """Return what one step multiplies the error by, 1 − 2·lr·λ for each direction (no momentum)."""
        return 1 - 2 * _judge.learning_rate(lr) * self.eigenvalues

    def spectral_radius(self, lr: float) -> float:
        """Return what the slowest direction is multiplied by a step in the long run; above 1 it grows.

        Without momentum that is the largest size of 1 − 2·lr·λ; with it, the largest size of a root of
        z² − (1 + β − 2·lr·λ) z + β.  Directions that cannot be learned do not count.

        Examples
        --------
        At a rate of 0.03 both directions shrink, the steeper one (λ = 30) by −0.8 a step:

        >>> X = torch.ones(6, 8)
        >>> X[:, 2:6] = 0
        >>> round(learning_theory(X, (1, 2)).spectral_radius(0.03), 6)
        0.8
        """
        if not self.rank:
            return 0.0
        middle = (self.momentum + self.factors(lr))[-self.rank :].abs()
        discriminant = middle.square() - 4 * self.momentum
        real = (middle + discriminant.clamp(min=0).sqrt()) / 2
        return float(torch.where(discriminant < 0, math.sqrt(self.momentum), real).max())

    def multipliers(self, lr: float, steps: int) -> Tensor:
        """Return what is left of an error of 1 along each direction before update 0, 1, ….

        Without momentum (1 − 2·lr·λ)ⁱ.  With it, the powers of the companion matrix
        [[1 − 2·lr·λ, −lr·β], [2λ, β]], which steps an error and its velocity.

        Parameters
        ----------
        lr : float
            Learning rate.
        steps : int
            Number of rows.

        Returns
        -------
        Tensor of shape (steps, parameters)
        """
        factors = self.factors(lr)
        rounds = integer("steps", steps, 1)
        left, move = [torch.ones_like(factors)], torch.zeros_like(factors)
        for _ in range(rounds - 1):
            move = self.momentum * move + (factors - 1) * left[-1]
            left.append(left[-1] + move)
        return torch.stack(left)

    def predicted_errors(self, error: Tensor, lr: float, steps: int) -> Tensor:
        """Return the error before update 0, 1, …, given the first one: (steps, parameters)."""
        along = self._as_errors(error) @ self.eigenvectors
        return (self.multipliers(lr, steps) * along) @ self.eigenvectors.T

    def predicted_losses(self, energies: Tensor, lr: float, steps: int, floor: float = 0.0) -> Tensor:
        """Return the loss before update 0, 1, …: of shape (steps,).

        Parameters
        ----------
        energies : Tensor of shape (parameters,)
            From :meth:`energies` (an error that is known) or :meth:`energies_from_losses` (losses that are
            known).
        lr : float
            Learning rate.
        steps : int
            Number of losses.
        floor : float, optional
            The loss at the minimum, where no kernel makes `Y` of `X` exactly.

        Examples
        --------
        >>> X = torch.ones(6, 8)
        >>> X[:, 2:6] = 0
        >>> theory = learning_theory(X, (1, 2))
        >>> energies = theory.energies_from_losses([1, 3], [7.530, 1.927], lr=0.03)
        >>> [round(loss, 3) for loss in theory.predicted_losses(energies, 0.03, 10)[5::2].tolist()]
        [0.595, 0.211, 0.081]
        """
        return self.multipliers(lr, steps).square() @ energies.to(self.matrix) + floor

    def energies_from_losses(self, at: Sequence[int], losses: Sequence[float], lr: float) -> Tensor:
        """Recover the energies from as many printed losses as there are directions to learn.

        Parameters
        ----------
        at : sequence of int
            How many updates came before each loss: 0 for the first, so 1 for the loss printed at step 2.
        losses : sequence of float
            The losses, above their floor.
        lr : float
            The learning rate of that run.

        Returns
        -------
        Tensor of shape (parameters,)
            0 along the directions that cannot be learned.

        Raises
        ------
        ValueError
            If there are not as many losses as places, or fewer than directions to learn.
        """
        places = [integer("at", place, 0) for place in at]
        if len(places) != len(losses) or len(places) < self.rank:
            raise ValueError(
                f"as many losses as places are needed, and at least {self.rank}, one for each direction that "
                f"can be learned; got {len(losses)} losses at {len(places)} places"
            )
        table = self.multipliers(lr, max(places, default=0) + 1)[places].square()[
            :, len(self.eigenvalues) - self.rank :
        ]
        known = torch.linalg.lstsq(table, table.new_tensor(losses)[:, None]).solution[:, 0]
        return torch.cat([known.new_zeros(len(self.eigenvalues) - self.rank), known])

    def _as_errors(self, error: Tensor) -> Tensor:
        """Return errors as float64 vectors of as many entries as there are parameters."""
        if not isinstance(error, Tensor):
            raise TypeError(f"error must be a tensor, got {describe(error)}")
        parameters = len(self.eigenvalues)
        if not self.bias and error.shape == self.kernel_size:
            error = error.flatten()
        if error.ndim == 0 or error.shape[-1] != parameters:
            raise ValueError(
                f"error must have {parameters} entries in its last dimension, {_parameters_in_words(self)}; "
                f"got shape {tuple(error.shape)}"
            )
        return error.detach().to(self.matrix)

    def __repr__(self) -> str:
        """Return the eigenvalues, the rates, and the directions that cannot be learned."""
        known = self.rank == len(self.eigenvalues)
        unknown = "" if known else f"\nnot identifiable: {rounded(self.null_space)}"
        return (
            f"LearningTheory: eigenvalues {rounded(self.eigenvalues)}, critical lr {self.critical_lr:.4g}, "
            f"best lr {self.best_lr:.4g}{unknown}"
        )


def learning_theory(
    X: Tensor,
    kernel_size: IntOrPair,
    *,
    bias: bool = False,
    reduction: Reduction = "sum",
    momentum: float = 0.0,
) -> LearningTheory:
    """Work out how :func:`learn_kernel` will go on the image `X`, whatever the kernel to be found.

    Parameters
    ----------
    X : Tensor of shape (rows, columns) or (images, rows, columns)
        The image, or several of one size.  float32 or float64.
    kernel_size : int or pair of int
        Rows and columns of the kernel to be learned.
    bias, reduction, momentum
        As in :func:`learn_kernel`.

    Returns
    -------
    LearningTheory
        The matrix A of the quadratic, its eigenvalues and directions, the critical and the best learning
        rate, the directions that the image says nothing about, and the losses of any run.

    Raises
    ------
    TypeError
        If `X` is not a float32 or float64 tensor.
    ValueError
        If the kernel does not fit, a number is out of range, or `X` is not finite.

    See Also
    --------
    learn_kernel : the run itself.

    Examples
    --------
    A 6×8 image of ones, its columns 2 to 5 zero.  Windows (1, 1) occur 12 times (two columns of six),
    (1, 0) and (0, 1) 6 times each, so A = [[12 + 6, 12], [12, 12 + 6]]:

    >>> X = torch.ones(6, 8)
    >>> X[:, 2:6] = 0
    >>> theory = learning_theory(X, (1, 2))
    >>> theory.matrix.tolist()
    [[18.0, 12.0], [12.0, 18.0]]
    >>> theory
    LearningTheory: eigenvalues [6, 30], critical lr 0.03333, best lr 0.02778

    Forget to blacken the middle and only the sum of the two weights can be learned:

    >>> learning_theory(torch.ones(6, 8), (1, 2))
    LearningTheory: eigenvalues [0, 84], critical lr 0.0119, best lr 0.005952
    not identifiable: [[0.7071, -0.7071]]
    """
    X, kernel = _judge.image_and_kernel_size(X, kernel_size)
    bias, beta = _judge.flag("bias", bias), _judge.momentum(momentum)
    rows, columns = X.shape[-2] - kernel[0] + 1, X.shape[-1] - kernel[1] + 1
    scale = _judge.loss_scale(reduction, X.shape[:-2].numel() * rows * columns)
    with torch.no_grad():
        windows = windows_as_rows(X, kernel, bias).to(wide_dtype(X))
        matrix = windows.T @ windows * scale
        if not math.isfinite(float(matrix.trace())):
            raise ValueError(NOT_FINITE)
        triangle = torch.linalg.qr(windows, mode="r").R
        _, sigmas, directions, rank = singular_values(triangle, len(windows), X.dtype)
        eigenvalues = torch.zeros_like(matrix[0])
        eigenvalues[:rank] = sigmas[:rank].square() * scale
        return LearningTheory(
            matrix=matrix,
            eigenvalues=eigenvalues.flip(0),
            eigenvectors=with_fixed_signs(directions.flip(0).T),
            kernel_size=kernel,
            bias=bias,
            momentum=beta,
            rank=rank,
        )


def _parameters_in_words(theory: LearningTheory) -> str:
    """Say what the parameters are, for an error message."""
    rows, columns = theory.kernel_size
    return f"the {rows}×{columns} kernel row by row" + (", then the bias" if theory.bias else "")
