"""The run: gradient descent on the squared error of a kernel."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair, Pair
from convbook.learning._equations import Reduction, critical_rate, equations_of, rounded, split_parameters


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
        return critical_rate(self.matrix, self.momentum)

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
            f"KernelFit: {course} in {_updates(len(self.weights))}, weight {rounded(self.weight)}{bias}\n"
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
        What the unknown kernel made of `X`; its size is ``output_size(X.shape[-2:], kernel_size)``.
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
        Sum the squared errors over the output pixels, or average them.  The mean makes
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
    X, kernel = _judge.image_and_kernel_size(X, kernel_size)
    Y = _judge.output_image(X, Y, kernel)
    rate, beta = _judge.learning_rate(lr), _judge.momentum(momentum)
    pixels = Y.numel()
    batch = None if batch_size is None else _judge.batch_size(batch_size, pixels)
    bias = _judge.flag("bias", bias)
    rounds = _judge.steps(steps, kernel[0] * kernel[1] + bias)
    weight = None if weight is None else _judge.first_kernel(X, weight, kernel)
    _judge.generator_for(X, generator)
    scale, batch_scale = _judge.loss_scale(reduction, pixels), _judge.loss_scale(reduction, batch or pixels)
    with torch.no_grad():
        equations = equations_of(X, Y, kernel, bias)
        products = _scaled(equations.T @ equations, batch_scale * (batch or pixels) / pixels)
        path = equations.new_full((rounds + 1, equations.shape[1]), -1.0)
        _write_first_kernel(path[0], X, weight, kernel, bias, generator)
        if batch is None:
            _descend(path, products, rate, beta)
        else:
            _descend_by_batches(path, equations, rate, beta, batch_scale, batch, generator)
        losses = _scaled(_losses_along(path, equations), scale)
        return _result(path.to(X.dtype), losses.to(X.dtype), kernel, bias, rate, beta, products)


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
    if len(equations) > 1000:  # below, the factorization costs more than it saves
        equations = torch.linalg.qr(equations, mode="r").R
    residuals: Tensor = path @ equations.T
    return residuals.square().sum(1)


def _result(
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
    weights, biases = split_parameters(path[:kept], kernel, bias)
    stopped = kept if kept <= updates else None
    grew = heights[kept - 1] > heights[0] and lr > (1 + 1e-9) * critical_rate(matrix, momentum)
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


def _write_first_kernel(
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


def _scaled(values: Tensor, scale: float) -> Tensor:
    """Multiply, where that changes anything."""
    return values if scale == 1 else values * scale


def _updates(count: int) -> str:
    """Return a number of updates in words."""
    return "1 update" if count == 1 else f"{count} updates"
