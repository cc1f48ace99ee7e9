"""General hints: what an error, a shape or the wrong numbers themselves say."""

from __future__ import annotations

import torch
from torch import Tensor

from convbook.exercises._report import same

CLASS_TAKES_NOTHING = (
    "The class takes no kernel size: is the constructor spelled __init__, with two underscores on each side?"
)


NO_SUPER = "Call super().__init__() first: without it a Module cannot hold parameters."


def hint_for_fault(fault: str) -> str:
    """Say what usually stands behind an error, or behind no answer at all."""
    causes = {
        "your function returns nothing": (
            "The return statement is missing, or it stands inside a branch or a loop."
        ),
        "changed its argument": "Work on a copy, X.clone(): the caller still needs the original.",
        "cannot be called as": (
            "Give your function these arguments, in this order, with these names for the options."
        ),
        "IndexError": (
            "An index ran over the edge. The last window starts at rows − h and columns − w: are height and "
            "width, or rows and columns, swapped?"
        ),
        "must match the size": (
            "Two shapes differ. A window that sticks out of the image is cut short: the loops run too far, "
            "or height and width are swapped."
        ),
        "NotImplementedError": "The function is still empty.",
        "NameError": "A name is not defined where the function uses it: pass everything in as an argument.",
        "mat1 and mat2": (
            "A matrix product of shapes that do not fit: a window times a kernel is * and .sum(), not @."
        ),
        "a pair": "Return two tensors: return weight, bias.",
        "no array of numbers": "Return a tensor (or a number, where a number is asked for).",
        "modified by an inplace operation": (
            "A parameter was changed between the forward pass and backward(): step() comes after backward()."
        ),
        "does not require grad": (
            "No gradient is recorded: keep the forward pass out of torch.no_grad(), and detach nothing there."
        ),
        "requires grad": "Use torch.no_grad() around the step, and return a new tensor.",
    }
    return next((cause for sign, cause in causes.items() if sign in fault), "The error says where to look.")


def hint_from_numbers(expected: Tensor, got: Tensor | None) -> str:
    """Compare shapes, then numbers, in general ways."""
    assert got is not None  # faults are explained elsewhere
    if got.shape != expected.shape:
        return _hint_from_shapes(expected, got)
    want, have = expected.double(), got.double()
    if not bool(have.isfinite().all()) and bool(want.isfinite().all()):
        return (
            "There is NaN or Inf in your answer: a division by zero, or memory from torch.empty that was "
            "never filled."
        )
    if not have.any() and want.any():
        return "All zeros: is the result ever written into the output?"
    if want.dim() >= 2 and want.shape[-1] == want.shape[-2] and same(expected.mT.contiguous(), got):
        return "Your output is transposed: rows come before columns."
    if same(-want, have):
        return "The sign is turned round."
    if want.dim() >= 2 and same(want.flip(-1, -2), have):
        return "The output is turned round: last row first, last column first."
    several = want.numel() > 1
    factor = _constant(have[want != 0] / want[want != 0]) if several and not have[want == 0].any() else None
    if factor is not None and factor != 1:
        return (
            f"Every number is {factor:g} times the expected one: a sum where a mean belongs, or the other "
            "way round?"
        )
    shift = _constant(have - want) if several else None
    if shift is not None:
        return f"Every number is off by {shift:g}: look at the bias, or at where the sum starts."
    return _hint_from_places(want, have)


def _hint_from_places(want: Tensor, have: Tensor) -> str:
    """Look at where the wrong numbers stand."""
    wrong = ~torch.isclose(want, have, rtol=1e-4, atol=1e-5)
    if want.numel() > 1 and have.count_nonzero() == 1 and not wrong.flatten()[0]:
        return "Only the first number is there. The return stands inside the loop: move it to the left."
    if want.dim() >= 2 and min(want.shape[-2:]) > 2 and not wrong[..., 1:-1, 1:-1].any():
        return (
            "Right inside, wrong along the border: look at the padding, and at the first and last turn of "
            "the loops."
        )
    if want.numel() > 1 and torch.equal(want.flatten().sort().values, have.flatten().sort().values):
        return (
            "The right numbers in the wrong places: look at the order of the indices, and at reshape "
            "against permute."
        )
    if torch.equal(have, want.round()) or torch.equal(have, want.trunc()):
        return "The fractions are cut off: compute in floating point."
    return "Take the first number that differs and work it out by hand."


def _hint_from_shapes(expected: Tensor, got: Tensor) -> str:
    """Say which axis is too long, too short, missing or swapped."""
    if got.numel() == expected.numel() and same(expected.reshape(got.shape), got):
        return (
            "The right numbers in the wrong shape: keep the axes, with one entry where that is all there is."
        )
    if got.dim() != expected.dim():
        return f"Your output has {got.dim()} dimensions, {expected.dim()} are expected."
    if expected.dim() >= 2 and got.shape == expected.mT.shape:
        if same(expected.mT.contiguous(), got):
            return "Your output is transposed: rows come before columns."
        return "Height and width are swapped: rows come before columns."
    names = ("batch", "channels", "height", "width")[-expected.dim() :] if expected.dim() <= 4 else ()
    off = {name: g - e for name, g, e in zip(names, got.shape, expected.shape, strict=True) if g != e}
    if names and all(abs(by) == 1 for by in off.values()):
        axes = " and in the ".join(off)
        return f"Off by one in the {axes}: a window of h rows fits rows − h + 1 times."
    if len(off) == 2 and sum(off.values()) == 0:
        return (
            "The kernel's height and width are swapped: h = K.shape[0] counts its rows, w = K.shape[1] its "
            "columns."
        )
    listed = ", ".join(f"the {name} by {by:+d}" for name, by in off.items())
    return f"The shape is wrong: {listed or tuple(got.shape)}. Write down the output's size before the loops."


def _constant(values: Tensor) -> float | None:
    """Return the one value that all entries have, if they do and it is finite and not 0."""
    if values.numel() == 0 or not bool(values.isfinite().all()) or float(values.max() - values.min()) > 1e-6:
        return None
    value = float(values.flatten()[0])
    return None if value == 0 else value
