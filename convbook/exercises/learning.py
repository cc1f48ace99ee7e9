"""Learning a kernel by gradient descent."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from convbook.correlation import convolve2d, corr2d
from convbook.exercises._compare import Draw, Mistake, compare, plain_settings
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Answer, Case, as_numbers


def _descent_step(X: Tensor, Y: Tensor, weight: Tensor, lr: float) -> Tensor:
    return weight - lr * corr2d(X, 2 * (corr2d(X, weight) - Y))


def _gradient(X: Tensor, Y: Tensor, weight: Tensor) -> Tensor:
    return corr2d(X, 2 * (corr2d(X, weight) - Y))


_LEARNING_STEP_MISTAKES = (
    Mistake(
        "Uphill: the step goes against the gradient, weight − lr · gradient.",
        lambda X, Y, weight, lr: weight + lr * _gradient(X, Y, weight),
    ),
    Mistake(
        "The factor 2 is missing: the derivative of a square.",
        lambda X, Y, weight, lr: weight - lr * _gradient(X, Y, weight) / 2,
    ),
    Mistake(
        "A mean over the pixels: the loss is the sum of the squares.",
        lambda X, Y, weight, lr: weight - lr * _gradient(X, Y, weight) / Y.numel(),
    ),
    Mistake("The learning rate is missing.", lambda X, Y, weight, lr: weight - _gradient(X, Y, weight)),
    Mistake(
        "That is the gradient: return weight − lr · gradient.",
        lambda X, Y, weight, lr: _gradient(X, Y, weight),
    ),
    Mistake("That is the step: add the old weight.", lambda X, Y, weight, lr: -lr * _gradient(X, Y, weight)),
    Mistake("The weight has not changed.", lambda X, Y, weight, lr: weight),
    Mistake(
        "That is the loss: return the new weight.",
        lambda X, Y, weight, lr: (corr2d(X, weight) - Y).square().sum(),
    ),
    Mistake(
        "Flipped: the gradient is a correlation of X with the residual, not a convolution.",
        lambda X, Y, weight, lr: weight - lr * convolve2d(X, 2 * (corr2d(X, weight) - Y)),
    ),
    Mistake(
        "The sign of the error itself is used: that is the gradient of the absolute error.",
        lambda X, Y, weight, lr: weight - lr * corr2d(X, (corr2d(X, weight) - Y).sign()),
    ),
)


@plain_settings()
def check_learning_step(my_step: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a step down the summed squared error, called as ``my_step(X, Y, weight, lr)``.

    Parameters
    ----------
    my_step : callable
        Your function; returns the new weight and leaves the old one as it is.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    learn_kernel : many such steps.

    Examples
    --------
    >>> def my_step(X, Y, weight, lr):
    ...     return weight + lr * corr2d(X, 2 * (corr2d(X, weight) - Y))
    >>> print(check_learning_step(my_step).hint)
    Uphill: the step goes against the gradient, weight − lr · gradient.
    """
    draw = Draw(seed)
    X = torch.ones(6, 8)
    X[:, 2:6] = 0
    edges = {"X": X, "Y": X[:, :-1] - X[:, 1:]}
    cases = [
        Case("the 6×8 image", {**edges, "weight": torch.tensor([[0.5, 0.25]]), "lr": 0.03}),
        Case("another rate", {**edges, "weight": torch.tensor([[0.5, 0.25]]), "lr": 0.01}),
        *(
            Case("random images", {"X": draw(4, 5), "Y": draw(5 - k, 4), "weight": draw(k, 2), "lr": 0.001})
            for k in (1, 2, 3)
        ),
    ]
    return compare("learning step", my_step, _descent_step, cases, _LEARNING_STEP_MISTAKES)


Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def _training_loop(
    net: nn.Module,
    loss: Loss,
    X: Tensor,
    Y: Tensor,
    lr: float,
    steps: int,
    *,
    optimizer: Callable[..., Any] = torch.optim.SGD,
    clear: bool = True,
) -> list[Tensor]:
    """Train by gradient descent; another `optimizer`, or gradients that are not cleared, are mistakes."""
    descent, losses = optimizer(net.parameters(), lr), []
    for _ in range(steps):
        losses.append(loss(net(X), Y))
        if clear:
            descent.zero_grad()
        losses[-1].backward()  # type: ignore[no-untyped-call]
        descent.step()
    return [value.detach() for value in losses]


def _late_losses(net: nn.Module, loss: Loss, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[Tensor]:
    """Write down each loss after the update."""
    losses = _training_loop(net, loss, X, Y, lr, steps)
    return [*losses[1:], loss(net(X), Y).detach()]


def _late_steps(net: nn.Module, loss: Loss, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[Tensor]:
    """Step at the start of a turn, with the gradient of the turn before: the last update is missing."""
    losses = _training_loop(net, loss, X, Y, lr, steps - 1)
    return [*losses, loss(net(X), Y).detach()]


def _trained_by(optimizer: Callable[..., Any]) -> Callable[..., list[Tensor]]:
    return functools.partial(_training_loop, optimizer=optimizer)


_TRAINING_LOOP_MISTAKES = (
    Mistake(
        "The gradients of all steps add up: set them back, optimizer.zero_grad(), before each backward().",
        functools.partial(_training_loop, clear=False),
    ),
    Mistake(
        "The net never changes: step() is missing, or zero_grad() stands between backward() and step().",
        _trained_by(lambda parameters, lr: torch.optim.SGD(parameters, lr=0)),
    ),
    Mistake(
        "Uphill: the step goes against the gradient, parameter −= lr · gradient.",
        _trained_by(functools.partial(torch.optim.SGD, maximize=True)),
    ),
    Mistake(
        "Each loss is computed after its update: keep the one that backward() is called on.", _late_losses
    ),
    Mistake("The last update is missing: step() comes after backward(), in the same turn.", _late_steps),
    Mistake(
        "A copy of the net was trained: the net that was handed in must change.",
        lambda net, *rest, **options: _training_loop(copy.deepcopy(net), *rest, **options),
    ),
    Mistake(
        "The rate was not passed on: the optimizer used its own, 0.001.",
        _trained_by(lambda parameters, lr: torch.optim.SGD(parameters)),
    ),
    Mistake(
        "Only the first parameter is trained: step through all of net.parameters().",
        _trained_by(lambda parameters, lr: torch.optim.SGD([next(parameters)], lr)),
    ),
    Mistake(
        "The biases are not trained: step through all of net.parameters().",
        _trained_by(lambda parameters, lr: torch.optim.SGD([p for p in parameters if p.dim() > 1], lr)),
    ),
    Mistake(
        "That is Adam: plain gradient descent, torch.optim.SGD, is asked for.", _trained_by(torch.optim.Adam)
    ),
    Mistake(
        "That is descent with momentum: plain gradient descent is asked for.",
        _trained_by(functools.partial(torch.optim.SGD, momentum=0.9)),
    ),
    Mistake(
        "One step is missing: range(steps) counts from 0 to steps − 1.",
        lambda net, loss, X, Y, lr, steps: _training_loop(net, loss, X, Y, lr, steps - 1),
    ),
    Mistake(
        "One step too many: range(steps) counts from 0 to steps − 1.",
        lambda net, loss, X, Y, lr, steps: _training_loop(net, loss, X, Y, lr, steps + 1),
    ),
    Mistake(
        "Only the first image is used: the loss is that of the whole batch.",
        lambda net, loss, X, Y, lr, steps: _training_loop(net, loss, X[:1], Y[:1], lr, steps),
    ),
    Mistake(
        "The losses add up: keep the loss of each step by itself.",
        lambda net, loss, X, Y, lr, steps: torch.stack(_training_loop(net, loss, X, Y, lr, steps)).cumsum(0),
    ),
    Mistake(
        "Only the last loss is there: append each one to a list.",
        lambda net, loss, X, Y, lr, steps: _training_loop(net, loss, X, Y, lr, steps)[-1:],
    ),
    Mistake(
        "Divided by the number of images: the loss decides whether to average.",
        lambda net, loss, X, Y, lr, steps: _training_loop(net, loss, X, Y, lr / len(X), steps),
    ),
)


def _losses_and_parameters(answer: Answer) -> Answer:
    """Judge the losses that a loop returns together with the parameters that it leaves in the net."""

    @functools.wraps(answer)
    def judged(net: nn.Module, loss: Loss, X: Tensor, Y: Tensor, lr: float, steps: int) -> Any:
        returned = answer(net, loss, X, Y, lr=lr, steps=steps)
        losses = as_numbers(returned)
        if losses is None:
            return returned
        parameters = [parameter.detach().flatten() for parameter in net.parameters()]
        return torch.cat([losses.flatten().float(), *parameters])

    return judged


@plain_settings()
def check_training_loop(my_training: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a training loop, called as ``my_training(net, loss, X, Y, lr=…, steps=…)``.

    Right is plain gradient descent on the whole batch: in each step the loss of ``net(X)`` and `Y` is written
    down, then every parameter moves by −lr · gradient.

    Parameters
    ----------
    my_training : callable
        Your function.  `net` is a :class:`torch.nn.Module`, which it trains in place; ``loss(output, Y)``
        gives one number; `lr` is a float and `steps` an integer.  It returns the losses *before* each update:
        a list, an array or a tensor of `steps` numbers.
    seed : int, optional
        Chooses the weights to start from, and the random images.

    Returns
    -------
    CheckResult
        `expected` and `got` hold the losses, then the net's parameters after the last step.

    See Also
    --------
    check_learning_step : one step, with the gradient worked out by hand.

    Examples
    --------
    >>> def my_training(net, loss, X, Y, lr, steps):
    ...     optimizer, losses = torch.optim.SGD(net.parameters(), lr), []
    ...     for _ in range(steps):
    ...         error = loss(net(X), Y)
    ...         error.backward()
    ...         optimizer.step()
    ...         losses.append(error.item())
    ...     return losses
    >>> print(check_training_loop(my_training).hint)
    The gradients of all steps add up: set them back, optimizer.zero_grad(), before each backward().
    """
    draw = Draw(seed)
    torch.manual_seed(seed)
    edges = torch.ones(1, 1, 6, 8)
    edges[..., 2:6] = 0
    detected = edges[..., :-1] - edges[..., 1:]
    squares = nn.MSELoss(reduction="sum")
    deep = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(12, 1))

    def case(about: str, net: nn.Module, X: Tensor, Y: Tensor, lr: float, steps: int, loss: Loss) -> Case:
        return Case(about, {"net": net, "loss": loss, "X": X, "Y": Y}, {"lr": lr, "steps": steps})

    cases = [
        case("one kernel", nn.Conv2d(1, 1, (1, 2), bias=False), edges, detected, 0.01, 4, squares),
        case("a kernel and a bias", nn.Conv2d(1, 1, (1, 2)), edges, detected, 0.004, 3, squares),
        case("one step", nn.Conv2d(1, 1, 2), draw(2, 1, 4, 3), draw(2, 1, 3, 2), 0.02, 1, nn.MSELoss()),
        case("two layers and a batch", deep, draw(3, 1, 3, 4), draw(3, 1), 0.01, 3, nn.MSELoss()),
    ]
    return compare(
        "training loop",
        my_training,
        _training_loop,
        cases,
        _TRAINING_LOOP_MISTAKES,
        _losses_and_parameters,
    )
