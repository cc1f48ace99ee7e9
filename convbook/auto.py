"""Auto: which method ``conv2d`` takes when none is named, and why.

Two methods are enough.  The compiled loops are quickest where channels are few; torch's own convolution is
where they are many, for its matrix products share each number between channels.  Both keep every output
within rounding of its own window, and NaN and Inf where the definition puts them.  No method is taken that
spreads either, however quick: not the FFT, not Winograd.

``route`` is the whole rule.  It reads shapes and dtypes, and never a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convbook import _judge
from convbook._compile import available, readable
from convbook.windows import padded

if TYPE_CHECKING:
    from torch import Tensor

    from convbook._forms import IntOrPair, PaddingLike
    from convbook._judge import Setting

__all__ = ["Explanation", "explain_plan"]

_OUTPUTS = 4
"""Output channels up to which the loops are taken: oneDNN makes sixteen at once, and fewer take as long."""

_NUMBERS = 4096
"""Numbers in the input below which the loops' set-up, some twenty microseconds, outweighs what they save."""

_COLUMNS = 32
"""Output columns below which a row is too short for the loops' vector instructions."""


_UNSEEN = "on this device, or in this record or transformation, loops would not see the numbers"


class Explanation(NamedTuple):
    """What `auto` does with a call, and why; print it to read it.

    Attributes
    ----------
    method : str
        The method that is taken, one of ``METHODS``.
    reason : str
        Why, in a sentence.
    """

    method: str
    reason: str

    def __str__(self) -> str:
        """Return both in one sentence."""
        return f"auto takes {self.method!r}: {self.reason}"


def route(input: Tensor, weight: Tensor, setting: Setting) -> Explanation:
    """Return the method that `auto` takes for judged arguments.

    Examples
    --------
    >>> import torch
    >>> X, K = torch.ones(1, 64, 8, 8), torch.ones(64, 64, 3, 3)
    >>> route(X, K, _judge.conv2d_setting(X, K)).method
    'torch'
    """
    integers = not (input.is_floating_point() or input.is_complex())
    if not integers:
        if weight.shape[0] > _OUTPUTS:
            return Explanation("torch", f"more than {_OUTPUTS} output channels: matrix products are quickest")
        if weight.shape[2:] == (1, 1):
            return Explanation("torch", "a 1×1 kernel is a matrix product")
    if not readable(input, weight):  # before sizes are compared: an export would hold for one answer alone
        return Explanation("torch", _UNSEEN)
    if not integers and (input.numel() < _NUMBERS or setting.output_size[1] < _COLUMNS):
        return Explanation("torch", "the image is so small that a set-up of loops would not pay")
    if not available():
        return Explanation("torch", "numba, which compiles the loops, is not installed")
    if integers:
        return Explanation("compiled", "integers are exact in loops, and torch has no quick way for them")
    return Explanation("compiled", f"at most {_OUTPUTS} output channels: the definition's loops are quickest")


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
        `method` and `reason`; printing it gives a sentence.

    Raises
    ------
    ValueError, TypeError
        As :func:`convbook.conv2d` does.

    See Also
    --------
    conv2d : does it.

    Examples
    --------
    >>> import torch
    >>> image = torch.ones(1, 1, 600, 600)
    >>> print(explain_plan(image[..., :9, :9], torch.ones(1, 1, 3, 3)))
    auto takes 'torch': the image is so small that a set-up of loops would not pay
    >>> print(explain_plan(image, torch.ones(64, 1, 3, 3)))
    auto takes 'torch': more than 4 output channels: matrix products are quickest
    """
    setting = _judge.conv2d_setting(input, weight, bias, stride, padding, dilation, groups, padding_mode)
    images = input if input.dim() == 4 else input.unsqueeze(0)
    mode = _judge.padding_mode("padding_mode", padding_mode)
    if mode != "zeros" and setting.padding != _judge.NO_PADDING:
        images = padded(images, setting.padding, mode)
        setting = setting._replace(padding=_judge.NO_PADDING)
    return route(images, weight, setting)
