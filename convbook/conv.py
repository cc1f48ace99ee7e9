"""The front door: conv2d and conv_transpose2d, judged once and computed by the algorithm of your choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from convbook import _judge, algorithms
from convbook.algorithms.transposed import torch_transposed
from convbook.auto import route
from convbook.windows import padded

if TYPE_CHECKING:
    from collections.abc import Callable

    from convbook._forms import ExplicitPadding, IntOrPair, PaddingLike

__all__ = ["conv2d", "conv_transpose2d"]


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    method: str = "auto",
) -> Tensor:
    r"""Cross-correlate images with kernels and add a bias: what deep learning calls a 2-D convolution.

    .. math::
        Y_{n,o,i,j} = b_o + \sum_{c} \sum_{a} \sum_{b} X_{n,\;c_0(o) + c,\;s_h i + d_h a,\;s_w j + d_w b}\,
        W_{o,c,a,b}

    with stride s, dilation d, X after padding, and :math:`c_0(o)` the first input channel of the group of o
    (0 with one group).  The kernel is not flipped; for that see :func:`convolve2d`.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns), or (channels, rows, columns) for one image.
    weight : Tensor
        Shape (output channels, channels / groups, kernel rows, kernel columns), in the dtype of `input`.
    bias : Tensor, optional
        Shape (output channels,).
    stride : int or pair of int, optional
        Rows and columns from one window to the next.
    padding : int, pair of int, ((top, bottom), (left, right)), "valid" or "same", optional
        Rows and columns added on each side.  "same" keeps the size at stride 1; an even kernel's extra row
        goes to the bottom and right.
    dilation : int or pair of int, optional
        Distance between neighboring taps of the kernel.
    groups : int, optional
        In how many parts the channels are split, each convolved by itself.
    padding_mode : {"zeros", "reflect", "replicate", "circular", "symmetric"}, optional
        What stands in the added rows and columns; see :func:`pad`.
    method : str, optional
        One of ``METHODS``; "auto" takes the quickest that is exact enough.

    Returns
    -------
    Tensor
        Shape (batch, output channels, output rows, output columns), without batch where `input` has none; on
        each axis ⌊(n + p − d·(k − 1) − 1) / s⌋ + 1, as :func:`output_size` computes it.  In the dtype and on
        the device of the input, in memory of its own.

    Raises
    ------
    ValueError
        If shapes do not match ("input has 3 channels but weight takes 1: …"), the kernel does not fit
        ("kernel 5×5 does not fit input 4×4 with padding 0: output height would be 4 − 5 + 1 = 0"), a number
        is too small ("stride must be at least 1 on both axes, got 0"), the tensors are on several devices, or
        a word is unknown.
    TypeError
        If an argument is no tensor or no integer, or the dtypes differ ("all tensors must have one dtype, got
        input is uint8, weight is float32; integer images need converting: input.to(weight.dtype)").
    NotImplementedError
        If the method asked for cannot do this setting; the message names those that can.

    See Also
    --------
    corr2d : the same for one matrix and one kernel, as loops.
    conv_transpose2d : its transpose, which brings the size back.
    output_size : the arithmetic of the shape.
    explain_plan : what "auto" would choose here, and why.

    Notes
    -----
    batch · output channels · output rows · output columns · channels / groups · kernel rows · kernel columns
    multiplications in the definition; the methods differ in how, not in what, they compute.  "definition" is
    for reading and comparing, "auto" for everything else.

    Differences from torch: asymmetric padding; all integer dtypes, exactly (modulo 2ⁿ beyond); half types are
    always summed in float32; zeros of the padding count as zeros, so that an Inf of the kernel gives NaN
    there on every machine.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
       recognition", Proc. IEEE 86(11), 1998.  https://doi.org/10.1109/5.726791
    .. [2] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
       https://doi.org/10.48550/arXiv.1603.07285

    Examples
    --------
    The first number is 0·0 + 1·1 + 3·2 + 4·3 = 19:

    >>> X = torch.arange(9).reshape(1, 1, 3, 3)
    >>> K = torch.arange(4).reshape(1, 1, 2, 2)
    >>> conv2d(X, K)
    tensor([[[[19, 25],
              [37, 43]]]])

    A frame of zeros, and every second window:

    >>> conv2d(X, K, stride=2, padding=1)
    tensor([[[[ 0,  8],
              [21, 43]]]])

    An impulse shows the kernel turned around; a flipped one would come out as it is:

    >>> impulse = torch.zeros(1, 3, 3, dtype=torch.int64)
    >>> impulse[0, 1, 1] = 1
    >>> conv2d(impulse, K)
    tensor([[[3, 2],
             [1, 0]]])
    """
    if _autocast(input):
        return _autocasted(conv2d)(
            input, weight, bias, stride, padding, dilation, groups, padding_mode=padding_mode, method=method
        )
    named = algorithms.by_name(method)
    setting = _judge.conv2d_setting(input, weight, bias, stride, padding, dilation, groups, padding_mode)
    one = input.dim() == 3
    images = input.unsqueeze(0) if one else input
    mode = _judge.padding_mode("padding_mode", padding_mode)
    if mode != "zeros" and setting.padding != _judge.NO_PADDING:
        images = padded(images, setting.padding, mode)
        setting = setting._replace(padding=_judge.NO_PADDING)
    if named is None:
        chosen = algorithms.TABLE[route(images, weight, setting).method]
    else:
        chosen = algorithms.in_domain(named, images, weight, setting)
    result = chosen.run(images, weight, bias, setting)
    return result.squeeze(0) if one else result


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntOrPair = 1,
    padding: IntOrPair | ExplicitPadding = 0,
    output_padding: IntOrPair = 0,
    groups: int = 1,
    dilation: IntOrPair = 1,
    *,
    output_size: IntOrPair | None = None,
) -> Tensor:
    r"""Convolve transposed: each input cell stamps the kernel, times its value, into the output.

    .. math::
        Y_{n,o} = b_o + \sum_{c} \sum_{i,j} X_{n,c,i,j} \cdot \bigl(W_{c,o}
        \text{ with its corner at } (s_h i - p_h,\; s_w j - p_w)\bigr)

    The transpose of the matrix of :func:`conv2d` with the same weight, stride, padding and dilation: it maps
    a convolution's output back to the size of its input.  It does not undo the convolution.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns), or (channels, rows, columns).
    weight : Tensor
        Shape (channels, output channels / groups, kernel rows, kernel columns): the weight that
        :func:`conv2d` would take on the way there.
    bias : Tensor, optional
        Shape (output channels,).
    stride : int or pair of int, optional
        Rows and columns from one stamp to the next.
    padding : int, pair of int or ((top, bottom), (left, right)), optional
        Rows and columns *cut off* at each end: the padding of the convolution that this one transposes.
    output_padding : int or pair of int, optional
        Rows and columns computed in addition at the bottom and right, fewer than the stride or the dilation.
        They choose among the input sizes that a strided convolution maps to one output size; what stands
        there is computed, not zero.
    groups : int, optional
        In how many parts the channels are split.
    dilation : int or pair of int, optional
        Distance between neighboring taps of the kernel.
    output_size : int, pair of int or shape, optional
        Rows and columns wanted, such as the shape of the image that a convolution made smaller.  It takes the
        place of `output_padding`, which is then not read, as in :class:`torch.nn.ConvTranspose2d`.

    Returns
    -------
    Tensor
        Shape (batch, output channels, output rows, output columns), without batch where `input` has none; on
        each axis s·(n − 1) − 2p + d·(k − 1) + 1 + output_padding, as :func:`transposed_output_size` computes
        it.

    Raises
    ------
    ValueError
        If shapes do not match ("input has 3 channels but weight takes 1: …; the weight of a transposed
        convolution is (input channels, output channels / groups, rows, columns), the other way round than
        conv2d's"), nothing is left after cutting, `output_padding` is too large, or no output_padding gives
        `output_size`.
    TypeError
        If an argument is no tensor or no integer (`padding` is no word here), or the dtypes differ.

    See Also
    --------
    conv2d : the way there.
    conv2d_input : the gradient of conv2d for its input, which is this function.
    fold : adds the stamps up.
    transposed_output_size : the arithmetic of the shape.

    Notes
    -----
    batch · channels · rows · columns · output channels / groups · kernel rows · kernel columns
    multiplications.  Where the kernel is no multiple of the stride, neighboring output cells get different
    numbers of stamps, which shows as a checkerboard [2]_.  Differences from torch: asymmetric padding;
    `output_size`, which torch has in its layer alone; all integer dtypes, exactly; half types are always
    summed in float32.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.
       https://doi.org/10.48550/arXiv.1603.07285
    .. [2] A. Odena, V. Dumoulin and C. Olah, "Deconvolution and Checkerboard Artifacts", Distill, 2016.
       https://doi.org/10.23915/distill.00003

    Examples
    --------
    Two cells, three columns apart, stamp their kernel:

    >>> X = torch.tensor([[[1, 10]]])
    >>> K = torch.tensor([[[[1, 2, 3]]]])
    >>> conv_transpose2d(X, K, stride=3)
    tensor([[[ 1,  2,  3, 10, 20, 30]]])

    One column apart the stamps overlap, and are added:

    >>> conv_transpose2d(X, K)
    tensor([[[ 1, 12, 23, 30]]])

    At stride 4 the kernel takes seven, eight, nine or ten columns to two; `output_size` says how many:

    >>> conv_transpose2d(X, K, stride=4, output_size=(1, 9))
    tensor([[[ 1,  2,  3,  0, 10, 20, 30,  0,  0]]])
    """
    if _autocast(input):
        return _autocasted(conv_transpose2d)(
            input, weight, bias, stride, padding, output_padding, groups, dilation, output_size=output_size
        )
    setting = _judge.conv_transpose2d_setting(
        input, weight, bias, stride, padding, output_padding, groups, dilation, output_size
    )
    images = input if input.dim() == 4 else input.unsqueeze(0)
    output = torch_transposed(images, weight, bias, setting)
    return output if input.dim() == 4 else output.squeeze(0)


def _autocast(input: object) -> bool:
    """Tell whether ``torch.autocast`` is on; asking is an error on a device that does not know it."""
    if not isinstance(input, Tensor):
        return False  # the checks will say so
    device = input.device.type
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def _autocasted(convolution: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Cast the tensors as ``torch.autocast`` does, every floating one but float64, and run."""

    def cast(value: Any, device: str) -> Any:
        if isinstance(value, Tensor) and value.is_floating_point() and value.dtype != torch.float64:
            return value.to(torch.get_autocast_dtype(device))
        return value

    def run(input: Tensor, weight: Tensor, bias: Tensor | None, *args: Any, **kwargs: Any) -> Tensor:
        device = input.device.type
        with torch.autocast(device, enabled=False):
            return convolution(*(cast(value, device) for value in (input, weight, bias)), *args, **kwargs)

    return run
