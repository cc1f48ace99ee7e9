"""Auto: the quickest method that is exact enough, by arithmetic on the shape and a look at the numbers.

1. **Plan.** :mod:`convbook.algorithms.costs` predicts each candidate's time from the shape alone.  A plan is
   made once a shape and kept.
2. **Look.** Where a separable or box form would pay, the kernel is looked at: a rank test is one step of
   Gaussian elimination.  Where the FFT would pay, the image is looked at: a spectrum's error follows the
   *largest* pixel, so one huge pixel rules it out.
3. **Compute**, and look at the result: a NaN or an Inf anywhere means that a method which multiplies by zeros
   may have spread it, and the output is computed again by torch, which keeps it in its window.

Looking needs numbers, so it happens on the CPU alone: on another device, under ``torch.compile`` and under
``torch.func`` the shape decides for torch's own kernels, and nothing waits for the device.

Winograd is never chosen: it loses digits.  Integers are computed in floating point where that is provably
exact, because no sum can reach 2²⁴ (or 2⁵³ in float64), and by torch's integers elsewhere.  Half types are
computed in float32.
"""

from __future__ import annotations

import functools
from math import isfinite
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, conv2d, is_autocast_enabled

from convbook import _checks
from convbook._checks import HALVES, INTEGERS, Setting
from convbook._forms import IntOrPair, PaddingLike
from convbook.algorithms import costs
from convbook.algorithms._by_hand import Correlation, Gradients, gradients
from convbook.algorithms._exact import readable
from convbook.algorithms._shared import Algorithm
from convbook.algorithms.band import band, kernel_gradient
from convbook.algorithms.box import box, is_box
from convbook.algorithms.fft import fft
from convbook.algorithms.im2col import im2col
from convbook.algorithms.lowering import lowering
from convbook.algorithms.separable import by_factors, may_be_rank_one, rank_one_factors, separable
from convbook.algorithms.torch_ import torch_, torch_im2col
from convbook.windows import padded

__all__ = ["Explanation", "Plan", "auto", "explain_plan", "plan", "small_call"]


def channels_last(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by torch in the memory format where a depthwise kernel's channels lie side by side."""
    turned = input.contiguous(memory_format=torch.channels_last)
    return torch_(turned, weight, bias, setting).contiguous()


RUN: dict[str, Algorithm] = {
    "torch": torch_,
    "torch, channels last": channels_last,
    "torch, im2col": torch_im2col,
    "im2col": im2col,
    "lowering": lowering,
    "band": band,
    "separable": separable,
    "box": box,
    "fft": fft,
}

ANY_KERNEL = ("torch", "torch, channels last", "torch, im2col", "im2col", "lowering", "band", "fft")
"""Methods that any kernel may take."""

FORMS_OF_TORCH = frozenset(("torch", "torch, channels last", "torch, im2col", "im2col"))
"""Methods that torch's own backward pass matches."""

SPREADS = frozenset(("lowering", "band", "separable", "fft"))
"""Methods that multiply by zeros, and so would carry a NaN or an Inf beyond its windows."""

LEAVES_INTEGERS = frozenset(("separable", "fft"))
"""Methods whose intermediate numbers are fractions, so that integers in floating point would come out
rounded."""

HUGE = 64.0
"""How much larger than the mean the largest pixel may be for the FFT: 15 or less in photographs and noise,
10⁴ for a lone spike."""

SMALL, MEDIUM = 900, 20480
"""Numbers in an input below which torch needs a few microseconds with kernels up to three columns wide, so
that even looking up a plan would be felt; and the same for one image that is no batch."""

FEW = 1 << 16
"""Outputs that are summed more quickly than some of them are picked out."""

LOOK = 25e-6
"""Seconds that a look at the kernel takes."""


FEW_OUTPUTS = 4
"""Output channels from which torch's im2col has the quicker way back also with a stride."""

FEW_FOR_GRADIENTS = 2048
"""Numbers in an input below which torch's own way back is the quicker."""

PRODUCT = 40e-6
"""Seconds that one product of the kernel's gradient takes at least, with the views and sums around it."""

WORTH_A_CHANGE = 0.85
"""The part of torch's time that another method must be predicted to take at most."""

WORTH_A_LOOK = 0.8
"""The part of the time that a special form must be predicted to take at most, before the kernel is looked
at."""

Factors: TypeAlias = tuple[Tensor, Tensor]


class Plan(NamedTuple):
    """What to do for one shape.

    Attributes
    ----------
    steady : str
        For any kernel and any image.
    general : str
        For any kernel, where the image has no huge pixels.
    special : tuple of str
        What is quicker still for a kernel of rank one ("separable") or of equal weights ("box"), the quickest
        first; worth looking for.
    costs : dict
        Predicted seconds of each candidate; one that cannot do the shape is not there.
    """

    steady: str
    general: str
    special: tuple[str, ...]
    costs: dict[str, float]


@functools.lru_cache(maxsize=4096)
def plan(shape: costs.Shape, integers: bool = False) -> Plan:
    """Return the plan for a shape.

    Parameters
    ----------
    shape : Shape
        The call's sizes, dtype and setting.
    integers : bool, optional
        Whether the numbers are integers held in floating point, which leaves out methods that pass through
        fractions.
    """
    predicted = {
        method: seconds for method in costs.CANDIDATES if (seconds := costs.cost(method, shape)) is not None
    }
    if integers:
        predicted = {
            method: seconds for method, seconds in predicted.items() if method not in LEAVES_INTEGERS
        }
    general = _quickest([m for m in ANY_KERNEL if m in predicted], predicted)
    steady = _quickest([m for m in ANY_KERNEL if m in predicted and m != "fft"], predicted)
    quicker = [
        m
        for m in ("separable", "box")
        if m in predicted and predicted[m] + LOOK < WORTH_A_LOOK * predicted[general]
    ]
    return Plan(steady, general, tuple(sorted(quicker, key=predicted.__getitem__)), predicted)


def _quickest(methods: list[str], predicted: dict[str, float]) -> str:
    """Return the quickest, but torch where no other promises more than predictions are usually off."""
    best = min(methods, key=predicted.__getitem__)
    return best if predicted[best] < WORTH_A_CHANGE * predicted["torch"] else "torch"


def auto(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by the method that the plan and the numbers call for.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    weight : Tensor
        Shape (O, C / groups, kh, kw).
    bias : Tensor or None
        Shape (O,).
    setting : Setting
        Judged stride, padding, dilation, groups and output size; none is declined.

    Returns
    -------
    Tensor
        Shape (N, O, rows, columns).

    Examples
    --------
    >>> from convbook._checks import conv2d_setting
    >>> X, K = torch.arange(9).reshape(1, 1, 3, 3), torch.arange(4).reshape(1, 1, 2, 2)
    >>> auto(X, K, None, conv2d_setting(X, K))
    tensor([[[[19, 25],
              [37, 43]]]])
    """
    if _left_to_torch(input, weight):
        return torch_(input, weight, bias, setting)
    if input.dtype in HALVES:
        wide = auto(input.float(), weight.float(), None if bias is None else bias.float(), setting)
        return wide.to(input.dtype)
    if input.dtype in INTEGERS:
        return _integers(input, weight, bias, setting)
    planned = plan(costs.Shape.of(input, weight, setting))
    _remember(input, weight, setting, planned)
    return _carry_out(planned, input, weight, bias, setting)


def _carry_out(planned: Plan, input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve in float32 or float64 by the plan, with gradients by plans where they are asked for."""
    if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (input, weight, bias)):
        return _with_way_back(planned, input, weight, bias, setting)
    if planned.general == "torch" and not planned.special:
        return torch_(input, weight, bias, setting)
    return _compute(planned, input, weight, bias, setting)


_FLOAT32, _FLOAT64 = torch.float32, torch.float64
_ZERO, _ONE = 0, 1  # Python keeps one object of each small integer

TENSORS = frozenset((Tensor, torch.nn.Parameter))

FOR_TORCH = ()

_PLANNED: dict[tuple[object, ...], tuple[Setting, Plan] | tuple[()]] = {}
"""Judged settings and plans of earlier calls by their shapes and plain arguments; `FOR_TORCH` where
that is the plan whatever the numbers."""


def _remember(input: Tensor, weight: Tensor, setting: Setting, planned: Plan) -> None:
    """Note a plan for :func:`small_call` where the arguments can be plain integers, alike for both axes."""
    (stride, other_stride), (dilation, other_dilation) = setting.stride, setting.dilation
    sides = {side for pair in setting.padding for side in pair}
    if stride == other_stride and dilation == other_dilation and len(sides) == 1:
        if len(_PLANNED) > 4096:
            _PLANNED.clear()
        key = (input.dtype, input.shape, weight.shape, stride, sides.pop(), dilation, setting.groups)
        torchs = planned.general == "torch" and not planned.special and "torch, im2col" not in planned.costs
        _PLANNED[key] = FOR_TORCH if torchs else (setting, planned)


def small_call(
    input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Tensor | None:
    """Return a plain call's output without judging it first, or None where it has to be judged.

    That is for calls of a few microseconds, which judging would double: small ones, for which torch is the
    quickest, and shapes that were judged and planned before.

    Torch is asked first, and only when it refuses are the arguments judged, to say why.  That is right where
    torch refuses all that convbook refuses; what it lets through (strides beyond 2³¹, immense padding, empty
    batches, a kernel on the meta device) or gets wrong (half types, and an Inf of the kernel on padding) is
    sorted out here by tests that cost next to nothing.
    """
    # Each look at a tensor costs a tenth of a microsecond: these are the fewest that are safe.
    if type(input) is not Tensor:
        return None
    dtype = input.dtype
    if dtype is not _FLOAT32 and dtype is not _FLOAT64:
        return None
    plain = stride is dilation is groups is _ONE
    if not (plain and padding is _ZERO) and not (
        type(stride) is type(padding) is type(dilation) is type(groups) is int
        and stride < 65536 > dilation
        and padding < 64
    ):
        return None
    numbers = input.numel()
    try:
        kernel = weight.shape
        planned = kernel[3] > 3 or groups > 1  # where torch is slow however small the image
    except (AttributeError, IndexError, TypeError):
        return None
    image: tuple[int, ...] = input.shape if padding or numbers >= SMALL else ()
    if planned or numbers >= SMALL or numbers == 0:
        if type(weight) not in TENSORS:
            return None
        if planned or numbers >= MEDIUM or numbers == 0 or image[0] > 1:
            if torch.compiler.is_compiling():
                return None
            known = _PLANNED.get((dtype, input.shape, kernel, stride, padding, dilation, groups))
            if known is None:
                return None
            if known is not FOR_TORCH:
                return _by_known_plan(input, weight, bias, *known)
    if not plain and is_autocast_enabled("cpu"):
        return None  # float16 may crash at a stride
    try:
        # Torch needs a fifth of a microsecond to read an argument, so the usual ones stay unsaid.
        if plain:
            output: Tensor = (
                conv2d(input, weight, bias, 1, padding) if padding else conv2d(input, weight, bias)
            )
        else:
            output = conv2d(input, weight, bias, stride, padding, dilation, groups)
    except (RuntimeError, TypeError):
        return None
    # Autocast; another device; a kernel without any numbers, which torch computes garbage with.
    on_cpu = weight.is_cpu and output.is_cpu and (bias is None or bias.is_cpu)
    if output.dtype is not dtype or not on_cpu:
        return None
    if padding and dtype is _FLOAT32 and (groups > 1 or image[0] > 1 or (planned and kernel[2] > 3)):
        # Batches and large kernels go to oneDNN, which skips padded taps.
        traced = torch._C._are_functorch_transforms_active() or torch.compiler.is_compiling()
        return output if traced or isfinite(weight.sum().item()) else None
    return output


def _by_known_plan(
    input: Tensor, weight: Tensor, bias: Any, setting: Setting, planned: Plan
) -> Tensor | None:
    """Return the output by the plan of an earlier call, or None where this call differs from it."""
    alike = (
        weight.dtype is input.dtype
        and input.is_cpu
        and weight.is_cpu
        and input.layout is weight.layout is torch.strided
        and not torch._C._are_functorch_transforms_active()
        and torch.autograd.forward_ad._current_level < 0
        and not is_autocast_enabled("cpu")
    )
    if alike and bias is not None:
        alike = (
            type(bias) in TENSORS
            and bias.dtype is input.dtype
            and bias.is_cpu
            and bias.layout is torch.strided
            and bias.shape == weight.shape[:1]
        )
    return _carry_out(planned, input, weight, bias, setting) if alike else None


def _may_look(x: Tensor) -> bool:
    """Return whether a tensor's numbers can be read here and now, and a method's steps go unrecorded."""
    return (
        readable(x)
        and not torch._C._are_functorch_transforms_active()
        and torch.autograd.forward_ad._current_level < 0
    )


def forward(
    input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting, integers: bool = False
) -> Tensor:
    """Return the output by the plan, in float32 or float64, gradients aside."""
    return _compute(plan(costs.Shape.of(input, weight, setting), integers), input, weight, bias, setting)


def _compute(planned: Plan, input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    chosen, factors = choose(planned, input, weight)
    if factors is not None:
        output = by_factors(input, *factors, bias, setting)
    else:
        output = RUN[chosen](input, weight, bias, setting)
    if chosen in SPREADS and not _looks_finite(output, setting, weight.shape[2]):
        return torch_(input, weight, bias, setting)
    return output


def _looks_finite(output: Tensor, setting: Setting, reach: int) -> bool:
    """Return whether no NaN or Inf has come in, by looking at as few outputs as can hide none."""
    if output.numel() < FEW:
        return isfinite(output.sum().item())
    step, last_is_seen = _rows_to_see(setting, reach)
    if not isfinite(output[:, :, ::step].sum().item()):
        return False
    return last_is_seen or isfinite(output[:, :, -1:].sum().item())


def _rows_to_see(setting: Setting, reach: int) -> tuple[int, bool]:
    """Return how far apart output rows may be so that every image row is under one of them.

    A NaN or an Inf spoils each output row whose windows it lies in: `reach` rows one below the other, and
    fewer at the top and the bottom, but one more than the padding.  So the first row must be seen, and as the
    last any that is no farther from the end than the padding, or the last itself, which the second result
    tells about.  Strides and dilations break the neighbourhood; there, all rows count.
    """
    if setting.stride[0] > 1 or setting.dilation[0] > 1:
        return 1, True
    last, spare = setting.output_size[0] - 1, setting.padding[0][1]
    step = next((step for step in range(reach, reach // 2, -1) if last % step <= spare), reach)
    return step, last % step <= spare


def choose(planned: Plan, input: Tensor, weight: Tensor) -> tuple[str, Factors | None]:
    """Return the method that the plan and a look at the numbers call for, and a rank-one kernel's factors."""
    for method in planned.special if planned.special and may_be_rank_one(weight) else ():
        if method == "box" and is_box(weight):
            return "box", None
        if method == "separable" and (factors := rank_one_factors(weight)) is not None:
            return "separable", factors
    if planned.general != planned.steady and _has_huge_pixels(input):
        return planned.steady, None
    return planned.general, None


def _with_way_back(
    planned: Plan, input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting
) -> Tensor:
    """Convolve by what is quickest there and back: torch's own two ways, or plans in both directions."""
    if _torchs_im2col_pays_back(planned, input, weight, setting):
        return torch_im2col(input, weight, bias, setting)
    torchs = planned.general == "torch" and not planned.special
    if torchs or not _own_way_back_pays(input, weight, setting):
        return torch_(input, weight, bias, setting)
    # torch leaves `apply` without types
    result: Tensor = ByPlan.apply(input, weight, bias, setting, forward)  # type: ignore[no-untyped-call]
    return result


def _torchs_im2col_pays_back(planned: Plan, input: Tensor, weight: Tensor, setting: Setting) -> bool:
    """Return whether torch's im2col is quicker there and back than oneDNN.

    It is where it is quicker there.  And oneDNN's gradient for an image of one channel is so slow, 2 to 5
    times, that it decides alone.
    """
    if planned.general == "torch, im2col":
        return True
    few_to_do = setting.stride == (1, 1) or weight.shape[0] >= FEW_OUTPUTS
    return "torch, im2col" in planned.costs and input.requires_grad and weight.shape[1] == 1 and few_to_do


def _own_way_back_pays(input: Tensor, weight: Tensor, setting: Setting) -> bool:
    """Return whether gradients by plans gain more than the tenth of a millisecond that their calls take."""
    if input.numel() < FEW_FOR_GRADIENTS:
        return False
    return input.requires_grad or _own_kernel_gradient_pays(costs.Shape.of(input, weight, setting))


def _own_kernel_gradient_pays(shape: costs.Shape) -> bool:
    """Return whether the band's form of the kernel's gradient is quicker than torch's."""
    planned = plan(shape)
    return (
        planned.steady in ("band", "lowering")
        and costs.kernel_gradient_calls(shape) * PRODUCT < planned.costs["torch"]
    )


def _choice_for(input: Tensor, weight: Tensor, setting: Setting) -> str:
    return choose(plan(costs.Shape.of(input, weight, setting)), input, weight)[0]


def _has_huge_pixels(input: Tensor) -> bool:
    """Return whether the largest pixel is not finite, or so large that a spectrum would bury the others."""
    least, most = (extreme.item() for extreme in input.aminmax())
    mean = torch.linalg.vector_norm(input, 1).item() / input.numel()  # of the sizes; makes no copy
    return not max(-least, most) <= HUGE * mean  # a NaN is no smaller than anything


def _integers(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Return the exact sums: in floating point where none leaves the integers it holds, else by torch."""
    few = weight.numel() * setting.output_size[0] * setting.output_size[1] < 1 << 15
    if few or input.dtype == torch.uint64:
        return torch_(input, weight, bias, setting)
    least, most = (int(v) for v in input.aminmax())
    heaviest = int(weight.double().abs().sum((1, 2, 3)).max())
    largest = max(-least, most) * heaviest
    if largest >= 1 << 53:
        return torch_(input, weight, bias, setting)
    dtype = torch.float32 if largest < 1 << 24 else torch.float64
    sums = forward(input.to(dtype), weight.to(dtype), None, setting, integers=True).to(torch.int64)
    if bias is not None:
        sums += bias.to(torch.int64).view(-1, 1, 1)
    return sums.to(input.dtype)


# -------------------------------------------------------------------------------------------------------- the
# way back


class ByPlan(Correlation):
    """A convolution by the plan whose gradients, convolutions too, go by plans of their own."""

    @staticmethod
    def backward(ctx: object, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of image, kernel and bias."""
        (grad,) = grads
        input, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        needed = ctx.needs_input_grad[:2]  # type: ignore[attr-defined]
        setting: Setting = ctx.setting  # type: ignore[attr-defined]
        way = gradients if torch.is_grad_enabled() or not _may_look(grad) else planned_gradients
        of_input, of_weight = way(grad, input, weight, setting, needed)
        biased = ctx.biased and ctx.needs_input_grad[2]  # type: ignore[attr-defined]
        return of_input, of_weight, grad.sum((0, 2, 3)) if biased else None, None, None


def planned_gradients(
    grad: Tensor, input: Tensor, weight: Tensor, setting: Setting, needed: tuple[bool, bool]
) -> Gradients:
    """Return the gradients of image and kernel, each by the quicker of an own method and torch's.

    The image's gradient is a convolution of the output's with the turned kernel, so it has a plan.  The
    kernel's follows the forward pass, whose work it shares, unless that is over in a few calls.
    """
    grad = grad.contiguous()
    back = _turned(grad, input, weight, setting) if needed[0] else None
    own_input = back is not None and _choice_for(*back) not in FORMS_OF_TORCH
    own_weight = needed[1] and _own_kernel_gradient_pays(costs.Shape.of(input, weight, setting))
    of_input, of_weight = None, None
    if (needed[0] and not own_input) or (needed[1] and not own_weight):
        rest = (needed[0] and not own_input, needed[1] and not own_weight)
        of_input, of_weight = gradients(grad, input, weight, setting, rest)
    if own_input and back is not None:
        of_input = forward(back[0], back[1], None, back[2])
    if own_weight:
        of_weight = kernel_gradient(grad, input, weight, setting)
        if not bool(of_weight.sum().isfinite()):
            of_weight = gradients(grad, input, weight, setting, (False, True))[1]
    return of_input, of_weight


def _turned(
    grad: Tensor, input: Tensor, weight: Tensor, setting: Setting
) -> tuple[Tensor, Tensor, Setting] | None:
    """Return the convolution that gives the image's gradient; None at a stride or behind wide padding."""
    if setting.stride != (1, 1):
        return None
    around = tuple(
        ((k - 1) * d - before, (k - 1) * d - after)
        for k, d, (before, after) in zip(weight.shape[2:], setting.dilation, setting.padding, strict=True)
    )
    if min(min(sides) for sides in around) < 0:
        return None
    outputs, depth, kh, kw = weight.shape
    grouped = weight.view(setting.groups, outputs // setting.groups, depth, kh, kw)
    turned = grouped.transpose(1, 2).flatten(0, 1).flip(2, 3)
    back = setting._replace(padding=(around[0], around[1]), output_size=(input.shape[2], input.shape[3]))
    return grad, turned, back


# ----------------------------------------------------------------------------------------------------------
# explaining


class Explanation(NamedTuple):
    """What `auto` would do with a call, and why; print it to read it.

    Attributes
    ----------
    method : str
        The winner, one of ``METHODS``.
    reason : str
        Why it won, in a sentence.
    costs : dict
        Predicted seconds on one thread by method, the quickest first; a method that cannot do the call, or is
        hopeless, is not there.
    machine : str
        Where the rates behind the predictions were measured.
    """

    method: str
    reason: str
    costs: dict[str, float]
    machine: str

    def __str__(self) -> str:
        """Return the reason and a table of the predictions, the winner marked."""
        lines = [f"auto uses {self.method!r}: {self.reason}"]
        winner = next((m for m in self.costs if m.partition(",")[0] == self.method), "")
        for method, seconds in self.costs.items():
            mark = "→" if method == winner else " "
            lines.append(f"{mark} {method:<20} {seconds * 1e3:9.3f} ms predicted")
        return "\n".join([*lines, f"rates measured on {self.machine}"] if self.costs else lines)


def explain_plan(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
) -> Explanation:
    """Explain what ``conv2d(…, method="auto")`` does with these arguments, without doing it.

    Parameters
    ----------
    input, weight, bias, stride, padding, dilation, groups, padding_mode
        As :func:`convbook.conv2d` takes them.

    Returns
    -------
    Explanation
        `method`, `reason`, `costs` (predicted seconds by method) and `machine`; printing it gives a table.

    Raises
    ------
    ValueError, TypeError
        As :func:`convbook.conv2d` does.

    See Also
    --------
    conv2d : does it.

    Examples
    --------
    A Sobel kernel is a column times a row; on a large image that is worth knowing:

    >>> image = torch.ones(1, 1, 600, 600)
    >>> sobel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    >>> spread = sobel.repeat_interleave(7, 0).repeat_interleave(7, 1)[None, None]
    >>> explain_plan(image, spread).method
    'separable'
    >>> print(explain_plan(image[..., :9, :9], sobel[None, None]).reason)
    small calls go to torch at once
    """
    setting = _checks.conv2d_setting(input, weight, bias, stride, padding, dilation, groups, padding_mode)
    images = input if input.dim() == 4 else input.unsqueeze(0)
    if padding_mode != "zeros" and setting.padding != _checks.NO_PADDING:
        images = padded(images, setting.padding, padding_mode)
        setting = setting._replace(padding=_checks.NO_PADDING)
    reason = _left_to_torch(images, weight)
    if reason:
        return Explanation("torch", reason, {}, "")
    small = images.numel() < (MEDIUM if images.shape[0] == 1 else SMALL)
    unplanned = weight.shape[3] <= 3 and groups == 1
    if small and unplanned and images.dtype in (torch.float32, torch.float64):
        return Explanation("torch", "small calls go to torch at once", {}, "")
    return _explain(images, weight, setting)


def _explain(input: Tensor, weight: Tensor, setting: Setting) -> Explanation:
    dtype = torch.float32 if input.dtype in HALVES or input.dtype in INTEGERS else input.dtype
    image, kernel, integers = input.to(dtype), weight.to(dtype), input.dtype in INTEGERS
    planned = plan(costs.Shape.of(image, kernel, setting), integers)
    chosen, _ = choose(planned, image, kernel)
    ordered = dict(sorted(planned.costs.items(), key=lambda item: item[1]))
    reason = "predicted to be the quickest for this shape"
    if (
        planned.general == "torch"
        and min(planned.costs[m] for m in ANY_KERNEL if m in ordered) < ordered["torch"]
    ):
        reason = f"no other method is predicted to take less than {WORTH_A_CHANGE} of its time"
    if chosen in planned.special:
        kind = "of equal weights" if chosen == "box" else "a column times a row"
        reason = f"the kernel is {kind}, and that form is predicted to be the quickest"
    elif chosen != planned.general:
        reason = (
            "a huge pixel, or one that is not finite, rules the fft out; this is the quickest of the others"
        )
    elif planned.special:
        reason += f", and the kernel is not one for {' or '.join(repr(m) for m in planned.special)}"
    return Explanation(chosen.partition(",")[0], reason, ordered, str(costs.rates()["machine"]))


def _left_to_torch(input: Tensor, weight: Tensor) -> str:
    """Return why a call goes to torch's kernels without a plan; an empty text where it does not."""
    if not (_may_look(input) and _may_look(weight)):
        return f"on {input.device}, or under a trace, only shapes are looked at, and torch's kernels are used"
    if input.is_complex():
        return "complex numbers are left to torch"
    return "an empty batch is left to torch" if input.numel() == 0 else ""
