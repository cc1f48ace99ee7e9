r"""Compiled: the definition's own loops, turned into machine code by numba.

.. math::
    Y_{n,o,i,j} = b_o + \sum_{c} \sum_{a} \sum_{b}
    X_{n,\;c_0(o) + c,\;s_h i + d_h a,\;s_w j + d_w b}\, W_{o,c,a,b}

The loops stand in ``convbook/algorithms/_loops.py``.  They differ from those of the definition in their
order: the loop over the columns j goes inside, so that sixteen columns are made by one vector instruction,
and two rows are made together, so that each pixel is loaded once for both.

- Multiplications: the definition's.  On one channel, a kernel that is a column times a row, tap by tap to
  the last digits, takes kh + kw for each output: first the column, then the row.  An output that comes out
  as NaN or Inf is computed again by the definition, for the sum down a column may have been too large.
- Memory: the padded image, and its columns sorted by their remainder where the stride is not 1.
- Accuracy: that of the definition; half types are summed in float32, integers are exact modulo 2ⁿ.  Nothing
  spreads, and a result depends neither on the other images nor on the number of threads, to the last bit.
- Compiling takes about a second for each dtype and kernel width, once: the result is kept on disk.

numba is optional (``pip install convbook[compiled]``), and sees numbers in the CPU's memory only: without
it, on other devices, and under ``torch.compile``, ``torch.func`` and forward-mode differentiation the
method declines.

References
----------
.. [1] S. K. Lam, A. Pitrou and S. Seibert, "Numba: a LLVM-based Python JIT compiler", LLVM-HPC 2015.
   https://doi.org/10.1145/2833157.2833162
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._compile import array, available, in_parts, readable
from convbook._judge import Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import finite_sum, widened, with_bias, with_padding

Numbers: TypeAlias = np.ndarray[Any, Any]

DIGITS = {np.dtype(name): (float(np.finfo(name).eps), float(np.finfo(name).tiny)) for name in ("f4", "f8")}
"""How finely a dtype rounds, and its least number that has all digits."""

SIGNED = {dtype.itemsize: dtype for dtype in (torch.int8, torch.int16, torch.int32, torch.int64)}

WIDEST = 15
"""Taps of a run, at most: more sums than that do not stay in the processor's registers."""

TALLEST = 7
"""Taps of a column that are added up at once, at most: each reads a row of its own."""

ALONE = 1 << 22
"""Multiplications below which a second thread would take longer to start than it saves."""

ROUNDINGS = 4
"""Units in the last place by which a tap may differ from the product of its factors: see ``separable``."""


def compiled(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by compiled loops.

    Examples
    --------
    >>> from convbook._judge import conv2d_setting
    >>> X, K = torch.arange(9).reshape(1, 1, 3, 3), torch.arange(4).reshape(1, 1, 2, 2)
    >>> compiled(X, K, None, conv2d_setting(X, K))
    tensor([[[[19, 25],
              [37, 43]]]])
    """
    if not (input.is_floating_point() or input.is_complex()):
        return _integers(input, weight, bias, setting)
    return _numbers(input, weight, bias, setting)


@widened
def _numbers(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    x = with_padding(input, setting)
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad):
        return with_bias(_product("output", x, weight, setting), bias)
    if torch.is_grad_enabled() and bias is not None and bias.requires_grad:
        return with_bias(correlate(x, weight, None, setting), bias)
    return correlate(x, weight, bias, setting)


def _integers(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Compute in as many bits as the integers have: modulo 2ⁿ, so that it does not matter who has a sign."""
    signed = SIGNED[input.element_size()]
    x = with_padding(input.view(signed), setting)
    b = None if bias is None else bias.view(signed)
    return correlate(x, weight.view(signed), b, setting).view(input.dtype)


# -------------------------------------------------------------------------------------------------- the loops


@functools.cache
def runs_of_taps(count: int, stride: int, gap: int, length: int) -> list[tuple[int, list[int]]]:
    """Return a kernel's columns in runs with neighboring pixels, and where in an image row each run begins.

    With stride s, the columns of the image are sorted by their remainder modulo s, `length` of each, so that
    what one tap multiplies lies side by side; tap b begins at column (d·b) div s of remainder (d·b) mod s.

    Examples
    --------
    Three taps at stride 1 are one run; at stride 2, taps 0 and 2 are neighbors, and tap 1 is elsewhere:

    >>> runs_of_taps(3, 1, 1, 8)
    [(0, [0, 1, 2])]
    >>> runs_of_taps(3, 2, 1, 8)
    [(0, [0, 2]), (8, [1])]
    """
    begins = {b: gap * b % stride * length + gap * b // stride for b in range(count)}
    neighbors: list[list[int]] = []
    for b in sorted(begins, key=lambda b: begins[b]):
        if not neighbors or begins[neighbors[-1][-1]] + 1 != begins[b]:
            neighbors.append([])
        neighbors[-1].append(b)
    runs = []
    for taps in neighbors:
        parts = -(-len(taps) // WIDEST)
        edges = [len(taps) * part // parts for part in range(parts + 1)]
        runs += [taps[first:last] for first, last in itertools.pairwise(edges)]
    return [(begins[taps[0]], taps) for taps in runs]


def correlate(x: Tensor, w: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Return the correlation of images that have their padding; no gradient is recorded."""
    from convbook.algorithms import _loops

    image, kernel = array(x), array(w)
    (outputs, depth, kh, kw), (rows, columns) = kernel.shape, setting.output_size
    y = x.new_empty(len(image), outputs, rows, columns)
    out = y.numpy()
    if out.size == 0 or depth == 0:
        return with_bias(y.zero_(), bias)
    numbers = kernel[0, 0, 0, :0] if bias is None else array(bias)
    parts = torch.get_num_threads() if out.size * depth * kh * kw >= ALONE else 1
    if _by_factors(image, kernel, numbers, out, setting, parts):
        return y
    (down, across), (gap, apart) = setting.stride, setting.dilation
    across = across if columns > 1 else 1  # a stride beyond the image would be so many remainders
    common = math.gcd(down, gap)
    steps = (down, gap, gap // common, down // common, setting.groups)
    units = len(image) * -(-rows // (2 * steps[2]))
    length = -(-image.shape[3] // across)
    image = _sorted_columns(image, across, length)
    runs = runs_of_taps(kw, across, apart, length)
    for index, (column, taps) in enumerate(runs):
        part = kernel if taps == [*range(kw)] else np.ascontiguousarray(kernel[..., taps])
        last = numbers if index == len(runs) - 1 else numbers[:0]
        width, begin = (None,) * len(taps), index == 0
        run = functools.partial(_loops.correlate, image, part, last, out, (*steps, column), width, begin)
        in_parts(run, units, parts)
    return y


def _sorted_columns(x: Numbers, stride: int, length: int) -> Numbers:
    """Return the image with its columns 0, s, 2s, … first, then 1, 1 + s, …, `length` of each remainder."""
    if stride == 1:
        return x
    rows = np.zeros((*x.shape[:3], stride, length), x.dtype)
    for remainder in range(min(stride, x.shape[3])):
        columns = x[..., remainder::stride]
        rows[..., remainder, : columns.shape[3]] = columns
    return rows.reshape(*x.shape[:3], -1)


def _by_factors(
    image: Numbers, kernel: Numbers, bias: Numbers, out: Numbers, setting: Setting, parts: int
) -> bool:
    """Write the correlation by a column and a row where the kernels have them, and return whether they do."""
    _, depth, kh, kw = kernel.shape
    if depth != 1 or kh < 3 or kw < 3 or setting.stride != (1, 1) or setting.dilation != (1, 1):
        return False
    if image.dtype not in DIGITS:
        return False
    from convbook.algorithms import _loops

    eps, smallest = DIGITS[image.dtype]
    columns, rows = _loops.factors(kernel, ROUNDINGS * eps, smallest)
    if not len(columns):
        return False
    tall, wide = _even_runs(kh, TALLEST), _even_runs(kw, WIDEST)
    runs, widths = (*tall[0], *wide[0]), (*tall[1], *wide[1])

    run = functools.partial(
        _loops.correlate_by_factors, image, kernel, columns, rows, bias, out, runs, widths
    )
    in_parts(run, len(out) * out.shape[1] * -(-out.shape[2] // _loops.ROWS), parts)
    return True


@functools.cache
def _even_runs(
    count: int, widest: int
) -> tuple[tuple[Numbers, Numbers], tuple[tuple[None, ...], tuple[None]]]:
    """Return the first taps of as long runs of one length as leave few taps, those taps, and both lengths."""
    width = (
        count if count <= widest else min(range(widest // 2 + 1, widest + 1), key=lambda n: (count % n, -n))
    )
    whole = count - count % width
    return (np.arange(0, whole, width), np.arange(whole, count)), ((None,) * width, (None,))


# ---------------------------------------------------------------------------------------------- the gradients


class _Product(torch.autograd.Function):
    """One of the three products that a convolution and its gradients are, differentiated by the other two.

    Σ y·g, with y the correlation of x and w, is linear in x, in w and in g.  So each derivative of the output
    is a product of two of the three, and so are the derivatives of these: "output" is made of (x, w), "input"
    of (g, w), and "weight" of (x, g).
    """

    @staticmethod
    def forward(
        ctx: Any, form: str, a: Tensor, b: Tensor, setting: Setting, sizes: tuple[Any, Any]
    ) -> Tensor:
        """Run the loops of that product."""
        ctx.form, ctx.setting, ctx.sizes = form, setting, sizes
        ctx.save_for_backward(a, b)
        if form == "output":
            return correlate(a, b, None, setting)
        if form == "input":
            return _to_input(a, b, setting, sizes[0])
        return _to_weight(a, b, setting, sizes[1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor | None, Tensor | None, None, None]:
        """Return the gradients of both factors: each is the product of `grads` and the other, conjugated."""
        a, b = ctx.saved_tensors
        (grad,) = grads
        first, second = {
            "output": (("input", grad, b), ("weight", a, grad)),
            "input": (("output", grad, b), ("weight", grad, a)),
            "weight": (("input", b, grad), ("output", a, grad)),
        }[ctx.form]
        results = []
        for needed, (form, *factors) in zip(ctx.needs_input_grad[1:3], (first, second), strict=True):
            left, right = (t if t is grad else t.conj() for t in factors)
            results.append(_product(form, left, right, ctx.setting, ctx.sizes) if needed else None)
        return None, results[0], results[1], None, None


def _product(
    form: str, a: Tensor, b: Tensor, setting: Setting, sizes: tuple[torch.Size, torch.Size] | None = None
) -> Tensor:
    """Return one of the three products, with gradients; by torch where the loops cannot see the numbers."""
    sizes = (a.shape, b.shape) if sizes is None else sizes
    if readable(a, b) and (form != "input" or finite_sum(b)):
        result: Tensor = _Product.apply(form, a, b, setting, sizes)  # type: ignore[no-untyped-call]
        return result
    # A batch of gradients (`is_grads_batched`), or an Inf or NaN in the kernel, which must not meet the
    # zeros that `_to_input` puts around the gradients; a sum that overflows only costs time.
    convolve = functools.partial(
        F.conv2d, stride=setting.stride, dilation=setting.dilation, groups=setting.groups
    )
    if form == "output":
        return convolve(a, b)
    if form == "input":
        return _pulled_back(lambda x: convolve(x, b.conj()), a.new_zeros(sizes[0]), a)
    return _pulled_back(lambda w: convolve(a.conj(), w), a.new_zeros(sizes[1]), b)


def _pulled_back(convolution: Any, at: Tensor, grad: Tensor) -> Tensor:
    result: Tensor = torch.func.vjp(convolution, at)[1](grad)[0]
    return result


def _to_input(g: Tensor, w: Tensor, setting: Setting, size: torch.Size) -> Tensor:
    """Return the input's gradient: the output's, zeros around and between it, under the turned kernel."""
    (rows, columns), (down, across), (gap, apart) = setting.output_size, setting.stride, setting.dilation
    outputs, depth, kh, kw = w.shape
    above, before = gap * (kh - 1), apart * (kw - 1)
    around = g.new_zeros((*g.shape[:2], size[2] + above, size[3] + before))
    around[
        :,
        :,
        above : above + down * (rows - 1) + 1 : down,
        before : before + across * (columns - 1) + 1 : across,
    ] = g
    by_group = w.view(setting.groups, outputs // setting.groups, depth, kh, kw)
    turned = by_group.transpose(1, 2).flatten(0, 1).flip(2, 3)
    back = setting._replace(stride=(1, 1), output_size=(size[2], size[3]))
    return correlate(around, turned, None, back)


def _to_weight(x: Tensor, g: Tensor, setting: Setting, size: torch.Size) -> Tensor:
    """Return the kernel's gradient: the image's rows times those of the output's gradient, added up."""
    from convbook.algorithms import _loops

    total = x.new_zeros(size, dtype=torch.promote_types(x.dtype, torch.float64))
    if total.numel() == 0 or g.numel() == 0:
        return total.to(x.dtype)
    _, depth, kh, kw = size
    (down, across), (gap, apart) = setting.stride, setting.dilation
    across = across if g.shape[3] > 1 else 1
    length = -(-x.shape[3] // across)
    image, grads, out = _sorted_columns(array(x), across, length), array(g), total.numpy()
    begins = [apart * b % across * length + apart * b // across for b in range(kw)]
    offsets = np.array(begins + [begins[-1]] * (-kw % 4))
    parts = torch.get_num_threads() if g.numel() * depth * kh * kw >= ALONE else 1
    steps = (down, gap, setting.groups)
    in_parts(
        lambda first, last: _loops.weigh(image, grads, out, steps, offsets, (first, last)),
        size[0] * depth * kh,
        parts,
    )
    return total.to(x.dtype)


def _domain(input: Tensor, weight: Tensor, setting: Setting) -> str:
    if not available():
        return "needs numba, which is not installed: pip install convbook[compiled]"
    if not readable(input, weight):
        return "needs numbers in the CPU's memory, outside of torch.compile, torch.func and forward mode"
    return ""


METHOD = Method("compiled", compiled, spreads="window", error=24, domain=_domain)
