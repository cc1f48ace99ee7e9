r"""Learning a kernel by gradient descent, and the exact theory of how it goes.

Given an image `X` and the output `Y` that an unknown kernel made of it, gradient descent on the squared error

.. math:: L(w) = \sum_{i,j} \bigl( (X \star w)_{ij} - Y_{ij} \bigr)^2

finds the kernel.  Each output pixel is the inner product of one window of `X` with `w`.  Write the windows as
the rows of a matrix :math:`P` (with a bias, add a column of ones): then
:math:`L(w) = \lVert P w - y \rVert^2` is a quadratic, and everything about the run can be computed before the
run [1]_:

.. math:: L(w) = L_{\min} + e^\top A\, e, \qquad A = P^\top P, \qquad e = w - w^*, \qquad
          e \leftarrow (I - 2\,\mathrm{lr}\,A)\, e .

Along an eigenvector of :math:`A` with eigenvalue :math:`\lambda`, one step multiplies the error by
:math:`1 - 2\,\mathrm{lr}\,\lambda`.  So the run diverges above the *critical* rate
:math:`1/\lambda_{\max}`, is quickest at :math:`1/(\lambda_{\min} + \lambda_{\max})`, and never moves
along a direction with :math:`\lambda = 0`: there the image has nothing to teach.

Momentum :math:`\beta` (heavy ball [2]_, as in :class:`torch.optim.SGD`) steps by
:math:`v \leftarrow \beta v + \nabla L`, :math:`w \leftarrow w - \mathrm{lr}\, v`.

References
----------
.. [1] Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in Neural Networks: Tricks of
   the Trade, 1998.  https://doi.org/10.1007/3-540-49430-8_2
.. [2] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
   Mathematics and Mathematical Physics 4 (5), 1964.  https://doi.org/10.1016/0041-5553(64)90137-5
"""

from __future__ import annotations

import itertools
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from convbook import _checks
from convbook._forms import IntOrPair, Pair, describe, integer, pair
from convbook.geometry import windows_that_fit

__all__ = [
    "KernelFit",
    "KernelSolution",
    "LearningTheory",
    "learn_kernel",
    "learning_theory",
    "least_squares_kernel",
]

Reduction: TypeAlias = Literal["sum", "mean"]

_NOT_FINITE = (
    "X or Y holds NaN or Inf, or values so large that the sum of their squares is not finite; "
    "look for them with torch.isfinite(X).all(), then repair or scale down"
)


# ------------------------------------------------------------------------------------------------- the run


@dataclass(frozen=True, eq=False, repr=False)
class KernelFit:
    """What :func:`learn_kernel` found, and how it got there.

    Nothing in it is ever NaN or Inf: a run whose loss stops being finite ends there, with `diverged` set.

    Attributes
    ----------
    weight : Tensor of shape (kernel_rows, kernel_columns)
        The kernel after the last update.
    bias : Tensor of shape () or None
        The bias after the last update.
    losses : Tensor of shape (steps,)
        The loss of the whole image *before* each update, as training loops print it.
    final_loss : Tensor of shape ()
        The loss of `weight` and `bias`, *after* the last update.
    weights : Tensor of shape (steps, kernel_rows, kernel_columns)
        The kernel after each update.
    biases : Tensor of shape (steps,) or None
        The bias after each update.
    diverged : bool
        The loss stopped being finite, or it ended above its start at a rate above `critical_lr`.
    stopped_after : int or None
        After how many updates the loss, or the kernel, stopped being finite, where it did.
    lr, momentum : float
        As they were used.
    matrix : Tensor of shape (parameters, parameters)
        A, half of the loss's second derivative (of the average batch's, with `batch_size`).

    See Also
    --------
    LearningTheory : the numbers of a run, from the image alone.
    """

    weight: Tensor
    bias: Tensor | None
    losses: Tensor
    final_loss: Tensor
    weights: Tensor
    biases: Tensor | None
    diverged: bool
    stopped_after: int | None
    lr: float
    momentum: float
    matrix: Tensor

    @property
    def critical_lr(self) -> float:
        """The rate above which a run must diverge in the end, (1 + momentum) / λmax."""
        return _critical_lr(self.matrix, self.momentum)

    @property
    def verdict(self) -> str:
        """How the run went, in a sentence, and which bound of the learning rate was crossed if any."""
        if self.stopped_after is not None:
            happened = f"diverged: the loss is not finite after {_updates(self.stopped_after)}"
        elif self.diverged:
            happened = "diverged: the loss ended above its start"
        elif math.isclose(self.lr, self.critical_lr, rel_tol=1e-9):
            return (
                f"on the edge: lr {self.lr:.4g} is the critical rate itself.\n"
                "The error along the steepest direction keeps its size. Use a smaller lr."
            )
        elif self.lr > self.critical_lr:
            happened = "has not diverged yet"
        else:
            return f"converging: lr {self.lr:.4g} is below the critical rate {self.critical_lr:.4g}"
        if self.lr <= self.critical_lr:
            return (
                f"{happened}.\nlr {self.lr:.4g} is below the critical rate {self.critical_lr:.4g} of the "
                "average batch, but single batches are steeper.\nUse a smaller lr or larger batches."
            )
        largest = (1 + self.momentum) / self.critical_lr
        above = "1" if self.momentum == 0 else f"(1 + {self.momentum:.4g})"
        return (
            f"{happened}.\nlr {self.lr:.4g} is above the critical rate {above}/λ = {self.critical_lr:.4g}, "
            f"where λ = {largest:.4g} is the largest eigenvalue.\nUse lr below {self.critical_lr:.4g}."
        )

    def __repr__(self) -> str:
        """Return the losses at both ends, the kernel, and the verdict."""
        bias = "" if self.bias is None else f", bias {float(self.bias):.4g}"
        course = f"loss {float(self.losses[0]):.4g} → {float(self.final_loss):.4g}"
        return (
            f"KernelFit: {course} in {_updates(len(self.weights))}, weight {_rounded(self.weight)}{bias}\n"
            f"{self.verdict}"
        )


def learn_kernel(
    X: Tensor,
    Y: Tensor,
    kernel_size: IntOrPair,
    *,
    lr: float = 3e-2,
    steps: int = 10,
    bias: bool = False,
    weight: Tensor | None = None,
    generator: torch.Generator | None = None,
    reduction: Reduction = "sum",
    momentum: float = 0.0,
    batch_size: int | None = None,
) -> KernelFit:
    """Learn the kernel that turns `X` into `Y`, by gradient descent on the squared error.

    The steps are those of the training loop that every course shows (forward, squared error, backward,
    update); the test holds it against that loop, written with autograd.  It is quicker because the loss is a
    quadratic: all windows are multiplied with each other once, and a step then costs as little as the kernel
    is small.

    Parameters
    ----------
    X : Tensor of shape (rows, columns) or (images, rows, columns)
        The image, or several of one size.  float32 or float64.
    Y : Tensor of shape (output_rows, output_columns), or (images, output_rows, output_columns)
        What the unknown kernel made of `X`: as many rows as ``output_size(X.shape[-2:], kernel_size)`` says.
    kernel_size : int or pair of int
        Rows and columns of the kernel to learn.
    lr : float, optional
        Learning rate, above 0.
    steps : int, optional
        Number of updates, at least 1.
    bias : bool, optional
        Learn a number that is added to every output pixel too.  It starts at 0.
    weight : Tensor of shape (kernel_rows, kernel_columns), optional
        The kernel to start from.  By default it is drawn as :class:`torch.nn.Conv2d` draws it, uniform in
        ±1/√(kernel_rows · kernel_columns).
    generator : torch.Generator, optional
        Source of the random numbers (start and batches), on the device of `X`.  By default torch's global
        one.
    reduction : {"sum", "mean"}, optional
        Sum the squared errors over the output pixels (as the notes do), or average them.  The mean makes
        every gradient smaller by the number of output pixels, so it needs an `lr` larger by as much.
    momentum : float, optional
        Heavy-ball momentum in [0, 1), as in :class:`torch.optim.SGD`.
    batch_size : int, optional
        Number of output pixels, drawn afresh at each step without replacement, that make up the gradient.  By
        default all.  `losses` are those of the whole image all the same.

    Returns
    -------
    KernelFit
        Kernel, bias, losses before each update, kernels after each update, and whether the run diverged.  The
        results carry no autograd graph.

    Raises
    ------
    TypeError
        If `X`, `Y` or `weight` is not a float32 or float64 tensor (integer images have no gradient: use
        ``X.float()``), or an argument has another type than named above.
    ValueError
        If a shape, dtype or device does not match, a number is out of range, or `X`, `Y` or `weight` is not
        finite.

    See Also
    --------
    learning_theory : what this run will do, before it does.
    least_squares_kernel : the same kernel in one step.

    Notes
    -----
    A run that diverges is not an error: the result says so in `diverged` and `verdict`, with the bound that
    was crossed, and its kernel is the last finite one.

    Off the CPU the host reads the device once, after the last step.

    Examples
    --------
    The edge detector [1, −1], learned from one image.  At 0.03 the run stands at 90 % of the critical rate
    1/30:

    >>> X = torch.ones(6, 8)
    >>> X[:, 2:6] = 0
    >>> Y = X[:, :-1] - X[:, 1:]
    >>> fit = learn_kernel(X, Y, (1, 2), weight=torch.tensor([[0.2807, 0.2540]]))
    >>> [round(loss, 3) for loss in fit.losses[1::2].tolist()]
    [7.53, 1.927, 0.595, 0.211, 0.081]
    >>> wrong = learn_kernel(X, Y, (1, 2), lr=0.04, weight=torch.ones(1, 2))
    >>> wrong.diverged, round(wrong.critical_lr, 6)
    (True, 0.033333)
    """
    X, kernel = _image(X, kernel_size)
    Y = _output(X, Y, kernel)
    rate, friction, rounds = _learning_rate(lr), _momentum(momentum), integer("steps", steps, 1)
    pixels = Y.numel()
    batch = None if batch_size is None else _batch_size(batch_size, pixels)
    bias = _checks.flag("bias", bias)
    weight = None if weight is None else _first_kernel(X, weight, kernel)
    _check_generator(X, generator)
    scale, batch_scale = _scale(reduction, pixels), _scale(reduction, batch or pixels)
    with torch.no_grad():
        equations = _equations(X, Y, kernel, bias)
        products = _scaled(equations.T @ equations, batch_scale * (batch or pixels) / pixels)
        path = equations.new_full((rounds + 1, equations.shape[1]), -1.0)
        _start(path[0], X, weight, kernel, bias, generator)
        if batch is None:
            _descend(path, products, rate, friction)
        else:
            _descend_by_batches(path, equations, rate, friction, batch_scale, batch, generator)
        losses = _scaled(_losses_along(path, equations), scale)
        return _judged(path.to(X.dtype), losses.to(X.dtype), kernel, bias, rate, friction, products)


def _descend(path: Tensor, products: Tensor, lr: float, momentum: float) -> None:
    """Fill the path of gradient descent on all pixels, one (w, −1) a row; the first is given.

    `products` is G = [P | y]ᵀ[P | y].  Since 2·G (w, −1) begins with the gradient 2·Pᵀ(Pw − y), a step to

        w − lr·gradient + momentum·(w − the w before)

    is a small matrix times (w, −1): no step touches the image.  :func:`_descend_by_batches` is the same step
    in its plain form; a test holds the two together.
    """
    step = torch.eye(len(products), dtype=path.dtype, device=path.device)
    step[:-1].sub_(products[:-1], alpha=2 * lr)
    if momentum:
        step.diagonal().add_(momentum)
    before, *following = path.unbind()
    earlier = before
    for after in following:
        torch.mv(step, before, out=after)
        if momentum:
            after.sub_(earlier, alpha=momentum)
        earlier, before = before, after


def _descend_by_batches(
    path: Tensor,
    equations: Tensor,
    lr: float,
    momentum: float,
    scale: float,
    batch: int,
    generator: torch.Generator | None,
) -> None:
    """Fill the path of gradient descent on `batch` pixels drawn anew for each step, one (w, −1) a row."""
    velocity = torch.zeros_like(path[0, :-1])
    for before, after in itertools.pairwise(path.unbind()):
        order = torch.randperm(len(equations), generator=generator, device=equations.device)
        drawn = equations[order[:batch]]
        residual = drawn @ before
        gradient = 2 * scale * (drawn[:, :-1].T @ residual)
        velocity = momentum * velocity + gradient
        after[:-1] = before[:-1] - lr * velocity


def _losses_along(path: Tensor, equations: Tensor) -> Tensor:
    """Return the squared lengths of [P | y]·(w, −1), for the rows (w, −1) of the path.

    An orthogonal matrix changes no length, so the triangle R of [P | y] = Q R serves as well as all its rows:
    a few rows instead of one a pixel.  Unlike zᵀGz it cannot cancel: a loss stays a sum of squares.
    """
    if len(equations) > 1000:  # below, the factorisation costs more than it saves
        equations = torch.linalg.qr(equations, mode="r").R
    residuals: Tensor = path @ equations.T
    return residuals.square().sum(1)


def _judged(
    path: Tensor, losses: Tensor, kernel: Pair, bias: bool, lr: float, momentum: float, products: Tensor
) -> KernelFit:
    """Cut the run off where it stops being finite, and judge it: the one time that the device is read."""
    heights = losses.tolist()
    updates, kept = len(heights) - 1, len(heights)
    matrix = products[:-1, :-1]
    if not (all(map(math.isfinite, heights)) and math.isfinite(torch.linalg.vector_norm(path, math.inf))):
        finite = losses.isfinite() & path.isfinite().all(1)
        kept = int(finite.long().cumprod(0).sum())
    if kept == 0:
        raise ValueError(
            f"the first loss is not finite in {losses.dtype}: X, Y or weight holds NaN or Inf, or values so "
            "large that the sum of their squares overflows; look for them with torch.isfinite(X).all(), then "
            "repair or scale down"
        )
    weights, biases = _split(path[:kept], kernel, bias)
    stopped = kept if kept <= updates else None
    grew = heights[kept - 1] > heights[0] and lr > (1 + 1e-9) * _critical_lr(matrix, momentum)
    return KernelFit(
        weight=weights[-1].clone(),
        bias=None if biases is None else biases[-1].clone(),
        losses=losses[: min(kept, updates)],
        final_loss=losses[kept - 1],
        weights=weights[1:],
        biases=None if biases is None else biases[1:],
        diverged=stopped is not None or grew,
        stopped_after=stopped,
        lr=lr,
        momentum=momentum,
        matrix=matrix,
    )


# ---------------------------------------------------------------------------------------------- the theory


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
        return 1 - 2 * _learning_rate(lr) * self.eigenvalues

    def spectral_radius(self, lr: float) -> float:
        """Return what the slowest direction is multiplied by a step in the long run; above 1 it grows.

        Without momentum that is the largest size of 1 − 2·lr·λ; with it, the largest root of
        z² − (1 + β − 2·lr·λ) z + β.  Directions that cannot be learned do not count.

        Examples
        --------
        At the notes' rate both directions shrink, the steeper one (λ = 30) by −0.8 a step:

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
        unknown = "" if known else f"\nnot identifiable: {_rounded(self.null_space)}"
        return (
            f"LearningTheory: eigenvalues {_rounded(self.eigenvalues)}, critical lr {self.critical_lr:.4g}, "
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
    The 6×8 image of the notes.  Windows (1, 1) occur 12 times (two columns of six), (1, 0) and (0, 1) 6 times
    each, so A = [[12 + 6, 12], [12, 12 + 6]]:

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
    X, kernel = _image(X, kernel_size)
    bias, friction = _checks.flag("bias", bias), _momentum(momentum)
    with torch.no_grad():
        windows = _windows(X, kernel, bias).to(_wide(X))
        matrix = windows.T @ windows * _scale(reduction, len(windows))
        if not math.isfinite(float(matrix.trace())):
            raise ValueError(_NOT_FINITE)
        triangle = torch.linalg.qr(windows, mode="r").R
        _, stretches, directions, rank = _stretches(triangle, len(windows), X.dtype)
        eigenvalues = torch.zeros_like(matrix[0])
        eigenvalues[:rank] = stretches[:rank].square() * _scale(reduction, len(windows))
        return LearningTheory(
            matrix=matrix,
            eigenvalues=eigenvalues.flip(0),
            eigenvectors=_with_settled_signs(directions.flip(0).T),
            kernel_size=kernel,
            bias=bias,
            momentum=friction,
            rank=rank,
        )


# --------------------------------------------------------------------------------------------- in one step


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
            "" if self.unique else f"\nnot unique: any multiple of {_rounded(self.null_space)} may be added"
        )
        return f"KernelSolution: weight {_rounded(self.weight)}{bias}, loss {_rounded(self.loss)}{open_}"


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
    Computed in float64 through the triangle R of the windows' QR factorisation and R's singular values: no
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
    X, kernel = _image(X, kernel_size)
    Y, bias = _output(X, Y, kernel), _checks.flag("bias", bias)
    with torch.no_grad():
        equations = _equations(X, Y, kernel, bias)
        if not math.isfinite(float(equations.square().sum())):
            raise ValueError(_NOT_FINITE)
        triangle = torch.linalg.qr(equations, mode="r").R
        windows, targets = triangle[:, :-1], triangle[:, -1]
        left, stretches, directions, rank = _stretches(windows, len(equations), X.dtype)
        solution = directions[:rank].T @ ((left[:, :rank].T @ targets) / stretches[:rank])
        loss = (windows @ solution - targets).square().sum()
        weight, offset = _split(solution.to(X.dtype), kernel, bias)
        return KernelSolution(
            weight=weight,
            bias=offset,
            loss=loss.to(X.dtype),
            rank=rank,
            null_space=_with_settled_signs(directions[rank:].T).T.to(X.dtype),
        )


# ------------------------------------------------------------------------------ windows, parameters, words


def _windows(X: Tensor, kernel: Pair, bias: bool) -> Tensor:
    """P: every window of every image as a row, and a last column of ones where there is a bias."""
    rows, columns = kernel
    windows = X.unfold(-2, rows, 1).unfold(-2, columns, 1).reshape(-1, rows * columns)
    return torch.nn.functional.pad(windows, (0, 1), value=1.0) if bias else windows


def _equations(X: Tensor, Y: Tensor, kernel: Pair, bias: bool) -> Tensor:
    """[P | y] in float64: each row says "this window times the kernel should be that pixel"."""
    return torch.cat((_windows(X, kernel, bias), Y.reshape(-1, 1)), 1).to(_wide(X))


def _stretches(triangle: Tensor, pixels: int, read: torch.dtype) -> tuple[Tensor, Tensor, Tensor, int]:
    """Return the singular values of P and their directions, from its triangle, and how many are not 0.

    λ = σ², but found without squaring: that would lose half of the digits, and with them the small ones.
    """
    left, stretches, directions = torch.linalg.svd(triangle)
    # Rounding leaves a stretch of 0 within k·√n·eps of the largest; pixels are as exact as their dtype.
    rounding = math.sqrt(pixels) * torch.finfo(triangle.dtype).eps + torch.finfo(read).eps
    dust = triangle.shape[1] * rounding * stretches[0]
    return left, stretches, directions, int((stretches > dust).sum())


def _critical_lr(matrix: Tensor, momentum: float) -> float:
    """Return the rate at which a step turns the steepest error around and keeps its size."""
    steepest = float(torch.linalg.eigvalsh(matrix)[-1])
    return (1 + momentum) / steepest if steepest > 0 else math.inf


def _start(
    first: Tensor,
    X: Tensor,
    weight: Tensor | None,
    kernel: Pair,
    bias: bool,
    generator: torch.Generator | None,
) -> None:
    """Write the first w: the kernel given, or one as torch.nn.Conv2d draws it, and a bias of 0."""
    if weight is None:
        bound = 1 / math.sqrt(kernel[0] * kernel[1])
        weight = X.new_empty(kernel).uniform_(-bound, bound, generator=generator)
    first.narrow(0, 0, weight.numel()).copy_(weight.reshape(-1))
    if bias:
        first[-2] = 0


def _split(parameters: Tensor, kernel: Pair, bias: bool) -> tuple[Tensor, Tensor | None]:
    """Take rows (…, parameters, or more) apart into kernels (…, rows, columns) and biases (…)."""
    taps = kernel[0] * kernel[1]
    weights = parameters.narrow(-1, 0, taps).reshape(*parameters.shape[:-1], *kernel)
    return weights, parameters.select(-1, taps) if bias else None


def _scaled(values: Tensor, scale: float) -> Tensor:
    """Multiply, where that changes anything."""
    return values if scale == 1 else values * scale


def _wide(X: Tensor) -> torch.dtype:
    """float64, except where the device has none."""
    return torch.float32 if X.device.type == "mps" else torch.float64


def _with_settled_signs(directions: Tensor) -> Tensor:
    """Turn each column so that its first large entry is positive: a solver may return either sign."""
    sizes = directions.abs()
    large = sizes >= 0.5 * sizes.amax(0, keepdim=True)
    first = large.long().argmax(0, keepdim=True)
    return directions * directions.gather(0, first).sign()


def _rounded(values: Tensor) -> str:
    """Return a tensor as nested brackets of short numbers."""
    if values.ndim == 0:
        number = round(float(values), 12)
        return f"{number + 0.0:.4g}"
    return f"[{', '.join(_rounded(entry) for entry in values)}]"


def _updates(count: int) -> str:
    """Return a number of updates in words."""
    return "1 update" if count == 1 else f"{count} updates"


def _parameters_in_words(theory: LearningTheory) -> str:
    """Say what the parameters are, for an error message."""
    rows, columns = theory.kernel_size
    return f"the {rows}×{columns} kernel row by row" + (", then the bias" if theory.bias else "")


# ------------------------------------------------------------------------------------------------- checks


def _floats(name: str, value: object) -> Tensor:
    """Judge a tensor to learn from or with."""
    given = _checks.tensor(name, value)
    if given.dtype in (torch.float32, torch.float64):
        return given
    if given.is_complex():
        raise TypeError(f"{name} must be float32 or float64, got {given.dtype}: the squared error is real")
    why = (
        "a half type would round small steps away"
        if given.is_floating_point()
        else "integers have no gradient"
    )
    raise TypeError(f"{name} must be float32 or float64, got {given.dtype}: {why}; use {name}.float()")


def _image(X: object, kernel_size: object) -> tuple[Tensor, Pair]:
    """Judge the image and the kernel's size."""
    image, kernel = _floats("X", X), pair("kernel_size", kernel_size, 1)
    if image.dim() not in (2, 3) or 0 in image.shape:
        raise ValueError(
            "X must be one image (rows, columns) or several (images, rows, columns), none empty; "
            f"got shape {tuple(image.shape)}"
        )
    windows_that_fit((image.shape[-2], image.shape[-1]), kernel, (1, 1), _checks.NO_PADDING, (1, 1))
    return image, kernel


def _output(X: Tensor, Y: object, kernel: Pair) -> Tensor:
    """Judge that the kernel can have made Y of X."""
    output = _floats("Y", Y)
    _alike("Y", output, X)
    *images, rows, columns = X.shape
    expected = (*images, rows - kernel[0] + 1, columns - kernel[1] + 1)
    if output.shape != expected:
        raise ValueError(
            f"Y must have shape {expected}, what a {kernel[0]}×{kernel[1]} kernel leaves of X: "
            f"{rows} − {kernel[0]} + 1 = {expected[-2]} rows, {columns} − {kernel[1]} + 1 = {expected[-1]} "
            f"columns; got {tuple(output.shape)}"
        )
    return output


def _first_kernel(X: Tensor, weight: object, kernel: Pair) -> Tensor:
    """Judge a kernel to start from."""
    first = _floats("weight", weight)
    _alike("weight", first, X)
    if first.shape != kernel:
        cure = "; take weight[0, 0]" if first.shape == (1, 1, *kernel) else ""
        raise ValueError(
            f"weight must have the shape of the kernel, {kernel}; got {tuple(first.shape)}{cure}"
        )
    return first


def _alike(name: str, value: Tensor, X: Tensor) -> None:
    """Refuse a tensor of another dtype or device than the image's."""
    if value.dtype != X.dtype or value.device != X.device:
        _checks.same_dtype(**{"X": X, name: value})
        _checks.same_device(**{"X": X, name: value})


def _check_generator(X: Tensor, generator: object) -> None:
    """Refuse what is no generator, or one for another device."""
    if generator is None:
        return
    if not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator must be a torch.Generator, got {describe(generator)}; "
            "a seed of 0 is torch.Generator().manual_seed(0)"
        )
    if generator.device.type != X.device.type:
        raise ValueError(
            f"generator must be on the device of X, {X.device}; got one on {generator.device}; "
            f"write torch.Generator({X.device.type!r})"
        )


def _number(name: str, value: object) -> float:
    """Judge a real, finite number."""
    # asking for the float first spares the usual call the abstract class
    if not isinstance(value, float) and (isinstance(value, bool) or not isinstance(value, numbers.Real)):
        raise TypeError(f"{name} must be a number, got {describe(value)}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {float(value)}")
    return float(value)


def _learning_rate(lr: object) -> float:
    """Judge a learning rate."""
    number = _number("lr", lr)
    if number <= 0:
        raise ValueError(f"lr must be above 0, got {number:g}: only steps against the gradient go downhill")
    return number


def _momentum(momentum: object) -> float:
    """Judge a momentum."""
    number = _number("momentum", momentum)
    if not 0 <= number < 1:
        raise ValueError(
            f"momentum must be at least 0 and below 1, got {number:g}: at 1 nothing slows a run down"
        )
    return number


def _batch_size(batch_size: object, pixels: int) -> int:
    """Judge a number of output pixels."""
    batch = integer("batch_size", batch_size, 1)
    if batch > pixels:
        raise ValueError(f"batch_size must be at most the number of output pixels, {pixels}; got {batch}")
    return batch


def _scale(reduction: object, pixels: int) -> float:
    """Return the factor that the summed squared error is multiplied by."""
    return 1.0 if _checks.one_of("reduction", reduction, ("sum", "mean")) == "sum" else 1 / pixels
