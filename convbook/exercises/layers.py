"""Layers as classes, and a batch norm that becomes part of the convolution before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from convbook._forms import describe
from convbook.correlation import convolve2d, corr2d
from convbook.exercises._compare import Draw, Mistake, compare, plain_settings
from convbook.exercises._hints import CLASS_TAKES_NOTHING, NO_SUPER
from convbook.exercises._report import CheckResult, same
from convbook.exercises._verdict import (
    Case,
    judge_callable,
    judge_properties,
    kernels_and_biases,
    raised,
)


@plain_settings()
def check_conv2d_layer(my_layer: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a layer class like :class:`convbook.Conv2D`, built as ``my_layer(kernel_size)``.

    The layer may be one for matrices, with a weight (kernel rows, kernel columns), or one like
    :class:`torch.nn.Conv2d`, with a weight (1, 1, kernel rows, kernel columns) for images (batch, channels,
    rows, columns).

    Parameters
    ----------
    my_layer : callable
        A subclass of :class:`torch.nn.Module`, or a function that makes such a layer of a kernel size (rows,
        columns), with the parameters `weight` and `bias` (one number).
    seed : int, optional
        Chooses the random image.

    Returns
    -------
    CheckResult

    See Also
    --------
    Conv2D : the reference.

    Examples
    --------
    >>> class MyConv2D(torch.nn.Module):
    ...     def _init(self, kernel_size):
    ...         self.weight = torch.nn.Parameter(torch.rand(kernel_size))
    >>> print(check_conv2d_layer(MyConv2D).hint)
    The class takes no kernel size: is the constructor spelled __init__, with two underscores on each side?
    >>> bool(check_conv2d_layer(lambda kernel_size: torch.nn.Conv2d(1, 1, kernel_size)))
    True
    """
    judge_callable("conv2d layer", my_layer)
    X = Draw(seed)(4, 6)
    built: list[Any] = []

    def output() -> Any:
        layer = built[0]
        if layer.weight.dim() == 2:
            return layer(X)
        images = layer(X[None, None])
        return images[0, 0] if isinstance(images, Tensor) and images.dim() == 4 else images

    def build() -> str | None:
        try:
            built.extend(my_layer((2, 3)) for _ in range(2))
        except TypeError as error:
            return _why_it_cannot_be_built(error)
        except AttributeError as error:
            return NO_SUPER if "before Module.__init__" in str(error) else raised(error)
        is_module = isinstance(built[0], nn.Module)
        return None if is_module else "The class must inherit from torch.nn.Module."

    def parameters() -> str | None:
        named = dict(built[0].named_parameters())
        for name in ("weight", "bias"):
            if name not in named:
                others = f"; yours are called {', '.join(named)}" if named else ""
                cure = f"write self.{name} = nn.Parameter(…); a plain tensor is not learned"
                return f"No parameter called {name}: {cure}{others}."
        shape = tuple(named["weight"].shape)
        if shape not in ((2, 3), (1, 1, 2, 3)):
            return f"weight must have the shape of the kernel, (2, 3) or (1, 1, 2, 3); yours has {shape}."
        return None if named["bias"].numel() == 1 else "bias must be one number."

    def random_start() -> str | None:
        alike = same(built[0].weight.detach(), built[1].weight.detach())
        return "Two layers start with the same weight: draw it at random." if alike else None

    def forward() -> str | None:
        with torch.no_grad():
            built[0].weight.copy_(torch.arange(1.0, 7).reshape(2, 3))
            built[0].bias.fill_(0.0)
        got, kernel = output(), built[0].weight.detach().reshape(2, 3)
        if not isinstance(got, Tensor):
            return f"forward returns {describe(got)}: is the return missing?"
        if same(corr2d(X, kernel), got):
            return None
        cause = "the kernel is flipped" if same(convolve2d(X, kernel), got) else "look at forward"
        return f"With a bias of 0 the output must be corr2d(X, weight); {cause}."

    def bias() -> str | None:
        before = output()
        with torch.no_grad():
            built[0].bias.fill_(10.0)
        return None if same(before.detach() + 10, output()) else "The bias is not added in forward."

    def gradient() -> str | None:
        output().sum().backward()
        if built[0].weight.grad is None or built[0].bias.grad is None:
            return "No gradient arrives: do not copy numbers into a new tensor, nor use .data or .detach()."
        return None

    properties = {
        "building it": build,
        "its parameters": parameters,
        "a random start": random_start,
        "the correlation": forward,
        "the bias": bias,
        "the gradient": gradient,
    }
    return judge_properties("conv2d layer", properties)


def _why_it_cannot_be_built(error: TypeError) -> str:
    """Explain why a layer was not made of a kernel size alone."""
    if "missing" in str(error):
        return (
            "The layer needs more than a kernel size: pass a function that makes it, for example "
            "lambda kernel_size: nn.Conv2d(1, 1, kernel_size)."
        )
    return CLASS_TAKES_NOTHING if "argument" in str(error) else raised(error)


# ------------------------------------------------------------------------------ a batch norm, folded away


def _folded(
    scale: Callable[..., Tensor] = lambda gamma, var, eps: gamma / (var + eps).sqrt(),
    kernel: Callable[..., Tensor] = lambda weight, scale: weight * scale[:, None, None, None],
    offset: Callable[..., Tensor] = lambda bias, mean, scale, beta: (bias - mean) * scale + beta,
) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return a folding of a batch norm by three formulas: the right one, or one with a mistake in it."""

    def fold(
        weight: Tensor,
        bias: Tensor | None,
        mean: Tensor,
        var: Tensor,
        gamma: Tensor,
        beta: Tensor,
        eps: float,
    ) -> tuple[Tensor, Tensor]:
        factor = scale(gamma, var, eps)
        start = torch.zeros_like(mean) if bias is None else bias
        return kernel(weight, factor), offset(start, mean, factor, beta)

    return fold


_FOLD_BATCH_NORM_MISTAKES = (
    Mistake("eps is forgotten: divide by √(var + eps).", _folded(lambda gamma, var, eps: gamma / var.sqrt())),
    Mistake(
        "eps stands outside the root: divide by √(var + eps).",
        _folded(lambda gamma, var, eps: gamma / (var.sqrt() + eps)),
    ),
    Mistake(
        "Divided by the variance: the root is missing, √(var + eps).",
        _folded(lambda gamma, var, eps: gamma / (var + eps)),
    ),
    Mistake(
        "Multiplied by √(var + eps): the batch norm divides by it.",
        _folded(lambda gamma, var, eps: gamma * (var + eps).sqrt()),
    ),
    Mistake(
        "gamma is forgotten: the scale is gamma / √(var + eps).",
        _folded(lambda gamma, var, eps: 1 / (var + eps).sqrt()),
    ),
    Mistake(
        "The weight is scaled along its input channels: the scale belongs to the first axis, the output's.",
        _folded(kernel=lambda weight, scale: weight * scale[None, :, None, None]),
    ),
    Mistake(
        "The weight is not scaled: multiply each kernel by its channel's scale.",
        _folded(kernel=lambda weight, scale: weight),
    ),
    Mistake(
        "The old bias is not scaled: it goes through the batch norm like the rest.",
        _folded(offset=lambda bias, mean, scale, beta: bias - mean * scale + beta),
    ),
    Mistake(
        "The old bias is lost: scale it and add it.",
        _folded(offset=lambda bias, mean, scale, beta: beta - mean * scale),
    ),
    Mistake(
        "The mean is not subtracted.", _folded(offset=lambda bias, mean, scale, beta: bias * scale + beta)
    ),
    Mistake(
        "The mean is added: it is subtracted.",
        _folded(offset=lambda bias, mean, scale, beta: (bias + mean) * scale + beta),
    ),
    Mistake(
        "The mean is not scaled: subtract it before the scale, or scale it too.",
        _folded(offset=lambda bias, mean, scale, beta: bias * scale - mean + beta),
    ),
    Mistake("beta is forgotten.", _folded(offset=lambda bias, mean, scale, beta: (bias - mean) * scale)),
    Mistake(
        "beta is scaled: it is added after the scale.",
        _folded(offset=lambda bias, mean, scale, beta: (bias - mean + beta) * scale),
    ),
    Mistake(
        "The bias is unchanged: it needs the mean, the scale and beta.",
        _folded(offset=lambda bias, mean, scale, beta: bias),
    ),
)


@plain_settings()
def check_fold_batch_norm(my_fold: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the folding of a batch norm into the convolution before it.

    Called as ``my_fold(weight, bias, mean, var, gamma, beta, eps=…)``.  Right is the weight and the bias of
    one convolution that gives what the convolution and the batch norm in evaluation mode give together,
    ``gamma · (conv(x) − mean) / √(var + eps) + beta``.

    Parameters
    ----------
    my_fold : callable
        Your function.  `weight` is (output channels, input channels, rows, columns); `bias` is (output
        channels,) or None; the batch norm's running `mean` and `var`, its weight `gamma` and its bias `beta`
        are (output channels,).  It returns the new weight and the new bias, a pair.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult
        `expected` and `got` have a row for each output channel: the kernel's numbers, then the bias.

    See Also
    --------
    torch.nn.utils.fuse_conv_bn_weights : torch's own.

    Examples
    --------
    >>> def my_fold(weight, bias, mean, var, gamma, beta, eps):
    ...     scale = gamma / (var + eps).sqrt()
    ...     return weight * scale[:, None, None, None], (0 if bias is None else bias) - mean * scale + beta
    >>> print(check_fold_batch_norm(my_fold).hint)
    The old bias is not scaled: it goes through the batch norm like the rest.
    """
    draw = Draw(seed)

    def case(about: str, shape: tuple[int, ...], eps: float, with_bias: bool = True) -> Case:
        outs = shape[0]
        given = {
            "weight": draw(*shape),
            "bias": draw(outs) + 5 if with_bias else None,
            "mean": draw(outs) + 5,
            "var": draw(outs).square() + torch.arange(1, outs + 1),
            "gamma": draw(outs) + 6,
            "beta": draw(outs) + 5,
        }
        return Case(about, given, {"eps": eps})

    cases = [
        case("one kernel", (1, 1, 1, 2), 0.5),
        case("three output channels", (3, 1, 1, 2), 1e-5),
        case("as many channels out as in", (2, 2, 2, 1), 0.25),
        case("no bias", (2, 1, 1, 3), 1e-5, with_bias=False),
        case("channels and a square kernel", (3, 2, 2, 2), 1e-3),
    ]
    return compare(
        "fold_batch_norm", my_fold, _folded(), cases, _FOLD_BATCH_NORM_MISTAKES, kernels_and_biases
    )
