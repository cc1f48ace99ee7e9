"""Receptive field and cost of whole models: what a layer's numbers come to in a network with branches.

A model is recorded by ``torch.fx`` without being run on numbers, and walked layer by layer.  For lists of
layers, and for one layer by its numbers, both functions are those of :mod:`convbook.geometry`.
"""

from __future__ import annotations

import copy
import functools
import inspect
import math
import operator
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convbook import geometry, layers
from convbook._forms import AXES, Pair, describe, integer, pair
from convbook.geometry import Cost, ReceptiveField, padding_sides

if TYPE_CHECKING:
    from convbook._forms import IntOrPair, PaddingLike

__all__ = ["LayerCost", "ModelCost", "cost", "receptive_field"]


# ---------------------------------------------------------------------------------------------- what is known

_POINTWISE = (
    *(nn.Identity, nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout),
    *(nn.BatchNorm2d, nn.SyncBatchNorm, nn.InstanceNorm2d, nn.GroupNorm, nn.LocalResponseNorm),
    *(nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Sigmoid, nn.Tanh, nn.LogSigmoid, nn.Softplus, nn.Softsign, nn.Softmax2d, nn.Threshold),
    *(nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish, nn.Hardshrink, nn.Softshrink, nn.Tanhshrink),
    nn.ChannelShuffle,
)
"""Layers that read no neighbor, or, the norms, only take statistics of the plane."""

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d, layers.Conv2d, layers.ConvTranspose2d)
_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d, layers.MaxPool2d, layers.AvgPool2d, layers.LPPool2d)
_PADS = (
    *(nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d, nn.CircularPad2d),
    *(layers.ZeroPad2d, layers.ConstantPad2d, layers.ReflectionPad2d, layers.ReplicationPad2d),
    *(layers.CircularPad2d, layers.SymmetricPad2d),
)
_RESIZES = (nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle)
_OF_THE_SIZE = (
    *(nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.FractionalMaxPool2d, nn.MaxUnpool2d, nn.Fold, nn.Unfold),
    *(layers.AdaptiveAvgPool2d, layers.AdaptiveMaxPool2d, layers.GlobalAvgPool2d, layers.MaxUnpool2d),
    *(layers.Fold, layers.Unfold, nn.Flatten, nn.Unflatten, nn.Linear),
)
"""Layers for which the field of a cell depends on the size of the image, or on its numbers."""

_POINTWISE_FUNCTIONS = {
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.pow),
    *(operator.iadd, operator.isub, operator.imul, operator.itruediv),
    *(torch.add, torch.sub, torch.mul, torch.div, torch.neg, torch.pow, torch.maximum, torch.minimum),
    *(torch.abs, torch.exp, torch.log, torch.sqrt, torch.square, torch.clamp, torch.tanh, torch.sigmoid),
    *(torch.relu, torch.relu_, F.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish),
    *(F.prelu, F.rrelu, F.softplus, F.softsign, F.hardtanh, F.hardsigmoid, F.hardswish, F.logsigmoid),
    *(F.sigmoid, F.tanh, F.threshold, F.dropout, F.dropout2d, F.alpha_dropout, F.feature_alpha_dropout),
    *(F.batch_norm, F.instance_norm, F.group_norm, F.local_response_norm),
}
_POINTWISE_METHODS = set(
    "abs abs_ add add_ clamp clamp_ clone contiguous detach div div_ double exp float half log mul mul_ neg "
    "pow relu relu_ sigmoid sigmoid_ sqrt square sub sub_ tanh tanh_ to type".split()
)
# Functions with their arguments' names, in order.
_POOL_FUNCTIONS = {
    F.max_pool2d: "input kernel_size stride padding dilation ceil_mode return_indices".split(),
    F.avg_pool2d: "input kernel_size stride padding ceil_mode count_include_pad divisor_override".split(),
    F.lp_pool2d: "input norm_type kernel_size stride ceil_mode".split(),
}
_CONV_FUNCTIONS = {
    F.conv2d: "input weight bias stride padding dilation groups".split(),
    F.conv_transpose2d: "input weight bias stride padding output_padding groups dilation".split(),
}
_RESIZE_FUNCTIONS = {
    F.interpolate: "input size scale_factor mode align_corners".split(),
    F.pixel_shuffle: "input upscale_factor".split(),
    F.pixel_unshuffle: "input downscale_factor".split(),
}
# What a model may do besides, when only sizes are asked for: these multiply nothing by a weight.
_SIZE_FUNCTIONS = {
    *(F.adaptive_avg_pool2d, F.adaptive_max_pool2d, F.pad, F.unfold, F.fold, F.max_unpool2d, F.softmax),
    *(torch.flatten, torch.reshape, torch.squeeze, torch.unsqueeze, torch.permute, torch.transpose),
    *(torch.cat, torch.concat, torch.stack, torch.chunk, torch.split, torch.mean, torch.sum, torch.amax),
    *(operator.getitem, getattr, operator.floordiv, operator.mod),
}
_SIZE_METHODS = set(
    "amax chunk dim expand flatten mean permute reshape size split squeeze sum transpose unflatten unsqueeze "
    "view view_as".split()
)


# ----------------------------------------------------------------------------------------- fields on one axis


class _Reads(NamedTuple):
    """Which cells a layer reads along one axis; what repeats is written once.

    Output cell i reads ``taps[i % period]``, moved by ``advance`` cells for each period before it.
    """

    advance: int
    taps: tuple[Sequence[int], ...]


class _Spans(NamedTuple):
    """First and last input cell that reach each cell along one axis, written once as in :class:`_Reads`.

    None stands for a cell that no input reaches, as a stride larger than the kernel leaves some between the
    stamps of a transposed convolution.
    """

    advance: int
    spans: tuple[Pair | None, ...]

    def at(self, cell: int) -> Pair | None:
        turns, phase = divmod(cell, len(self.spans))
        span = self.spans[phase]
        return None if span is None else (span[0] + turns * self.advance, span[1] + turns * self.advance)

    def through(self, reads: _Reads) -> _Spans:
        """Return the spans of the cells of a layer that reads these."""
        own, period = len(self.spans), len(reads.taps)
        repeats = own // math.gcd(reads.advance, own)  # until the first phase comes again
        found = []
        for cell in range(period * repeats):
            turns, phase = divmod(cell, period)
            taps: Sequence[int] = reads.taps[phase]
            if own == 1 and self.spans[0] is not None and len(taps) > 2:
                taps = (taps[0], taps[-1])  # spans that only move are widest at the ends
            found.append(_union(self.at(tap + turns * reads.advance) for tap in taps))
        return _Spans(self.advance * (reads.advance * repeats // own), tuple(found))

    def beside(self, other: _Spans, where: str) -> _Spans:
        """Return the spans of the sum of two branches."""
        mine, others = (Fraction(s.advance, len(s.spans)) for s in (self, other))
        if mine != others:
            raise ValueError(
                f"the branches that meet in {where} have jumps {mine} and {others}: from cell to cell they "
                "move by different distances, so no one field holds for all cells"
            )
        period = math.lcm(len(self.spans), len(other.spans))
        both = (_union((self.at(cell), other.at(cell))) for cell in range(period))
        return _Spans(self.advance * period // len(self.spans), tuple(both))


def _union(spans: Iterable[Pair | None]) -> Pair | None:
    some = [span for span in spans if span is not None]
    return (min(first for first, _ in some), max(last for _, last in some)) if some else None


def _window(k: int, s: int, before: int, d: int) -> _Reads:
    return _Reads(s, (range(-before, -before + d * (k - 1) + 1, d),))


def _stamp(k: int, s: int, before: int, d: int) -> _Reads:
    """Return what a transposed convolution's cell i reads: each j with j·s + t·d − p = i for a tap t."""
    taps = (
        [(i + before - t * d) // s for t in range(k - 1, -1, -1) if (i + before - t * d) % s == 0]
        for i in range(s)
    )
    return _Reads(1, tuple(taps))


def _enlarged(factor: int, mode: str) -> _Reads:
    """Return what a cell of an enlarged image reads; pixels are centered at i + ½."""
    before, after = {"nearest": (0, 0), "linear": (0, 1), "cubic": (-1, 2)}[mode]
    taps = []
    for i in range(factor):
        place, rest = divmod(2 * i + 1 - factor, 2 * factor)
        if mode == "nearest":
            taps.append([0])
        else:  # exactly on a pixel the others weigh nothing
            taps.append(list(range(place + before, place + after + 1)) if rest else [place])
    return _Reads(1, tuple(taps))


class _Field(NamedTuple):
    rows: _Spans
    columns: _Spans

    def through(self, rows: _Reads, columns: _Reads) -> _Field:
        return _Field(self.rows.through(rows), self.columns.through(columns))


_MODES = {"nearest": "nearest", "nearest-exact": "nearest", "bilinear": "linear", "bicubic": "cubic"}


# -------------------------------------------------------------------------------------------------- the walk


class _Layers(torch.fx.Tracer):
    """Record a model down to the layers of torch and of this package."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        own = type(m).__module__.startswith("convbook.layers")
        return own or super().is_leaf_module(m, module_qualified_name)


def _recorded(model: nn.Module) -> torch.fx.GraphModule:
    """Record the model, or say why it cannot be."""
    tracer = _Layers()
    root = nn.Sequential(model) if tracer.is_leaf_module(model, "") else model
    try:
        recorded = torch.fx.GraphModule(root, tracer.trace(root))
    except Exception as problem:  # whatever the model's own code raises on what is no tensor
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise ValueError(
            f"model {type(model).__name__} cannot be recorded by torch.fx, which follows no decision that "
            f"depends on a tensor: {reason}"
        ) from problem
    inputs = [node for node in recorded.graph.nodes if node.op == "placeholder"]
    needed = [node.name for node in inputs if not node.args]  # without a default
    if needed != [node.name for node in inputs[:1]]:
        raise ValueError(f"model {type(model).__name__} must take one image, got the inputs {needed}")
    return recorded


def _flat(values: object) -> list[object]:
    """List what stands in nested lists of arguments."""
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, (list, tuple)) and not isinstance(values, _Field):
        return [value for part in values for value in _flat(part)]
    return [values]


class _Walk(torch.fx.Interpreter):
    """Visit the layers in order; one that is refused is named."""

    asks = ""

    def __init__(self, recorded: torch.fx.GraphModule) -> None:
        super().__init__(recorded)
        self.extra_traceback = False  # errors here are for readers, and say where

    def refuse(self, what: str, why: str) -> ValueError:
        return ValueError(f"{self.asks} cannot go through {what}: {why}")

    def where(self, target: object) -> str:
        """Name a layer by its class and its place in the model, a function by its name."""
        if isinstance(target, str):
            return f"{type(self.fetch_attr(target)).__name__} ({target!r} of the model)"
        return f"the function {getattr(target, '__name__', target)}"


def _named(names: Sequence[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(names, args, strict=False)) | kwargs


class _FieldWalk(_Walk):
    """Carry the field of each node's cells instead of its numbers."""

    asks = "receptive_field"

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module, where = self.fetch_attr(target), self.where(target)
        if isinstance(module, _POINTWISE):
            return args[0]
        if isinstance(module, _CONVOLUTIONS):
            setting = {
                name: getattr(module, name) for name in ("kernel_size", "stride", "padding", "dilation")
            }
            return self.convolved(args[0], transposed=module.transposed, **setting)
        if isinstance(module, _POOLS):
            if getattr(module, "return_indices", False):
                raise self.refuse(where, "with return_indices it returns two things")
            setting = {name: getattr(module, name, 1) for name in ("kernel_size", "stride", "dilation")}
            return self.convolved(args[0], padding=getattr(module, "padding", 0), **setting)
        if isinstance(module, _PADS):
            return self.padded(args[0], module.padding)
        if isinstance(module, nn.Upsample):
            named = {
                name: getattr(module, name) for name in ("size", "scale_factor", "mode", "align_corners")
            }
            return self.enlarged(args[0], where, **named)
        if isinstance(module, (nn.PixelShuffle, nn.PixelUnshuffle)):
            return self.shuffled(args[0], module)
        if isinstance(module, _OF_THE_SIZE):
            raise self.refuse(
                where,
                "which pixels a cell sees there depends on the image's size or numbers; ask for the part of "
                "the model before it",
            )
        raise self.refuse(where, "what it reads is not known; layers of torch or convbook are")

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        where = self.where(target)
        if not any(isinstance(value, _Field) for value in _flat((args, kwargs))):
            return super().call_function(target, args, kwargs)  # of parameters alone
        if target in _POINTWISE_FUNCTIONS:
            return self.joined(_flat((args, kwargs)), where)
        if target in (torch.cat, torch.concat):
            named = _named(("tensors", "dim"), args, kwargs)
            if named.get("dim", 0) not in (1, -3):
                raise self.refuse(where, "it puts rows or images side by side; dim=1 joins channels")
            return self.joined(named["tensors"], where)
        if target in _POOL_FUNCTIONS or target in _CONV_FUNCTIONS:
            named = _named({**_POOL_FUNCTIONS, **_CONV_FUNCTIONS}[target], args, kwargs)
            if named.get("return_indices"):
                raise self.refuse(where, "with return_indices it returns two things")
            size = named["kernel_size"] if "kernel_size" in named else tuple(named["weight"].shape[2:])
            stride = named.get("stride", size if target in _POOL_FUNCTIONS else 1)
            setting = {name: named.get(name, usual) for name, usual in (("padding", 0), ("dilation", 1))}
            transposed = target is F.conv_transpose2d
            return self.convolved(named["input"], size, stride, transposed=transposed, **setting)
        if target is F.interpolate:
            return self.enlarged(where=where, **_named(_RESIZE_FUNCTIONS[target], args, kwargs))
        if target in _SIZE_FUNCTIONS or target in _RESIZE_FUNCTIONS:
            raise self.refuse(where, "which pixels a cell sees after it is not known")
        raise self.refuse(where, "what it reads is not known; layers of torch or convbook are")

    def call_method(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        where = f"the method .{target}()"
        if not any(isinstance(value, _Field) for value in _flat((args, kwargs))):
            return super().call_method(target, args, kwargs)
        if target in _POINTWISE_METHODS:
            return self.joined(_flat((args, kwargs)), where)
        raise self.refuse(where, "which pixels a cell sees after it is not known")

    def joined(self, values: Iterable[object], where: str) -> _Field:
        """Return the field of cells that depend on several; numbers and parameters see nothing."""
        rows, columns = zip(*(value for value in values if isinstance(value, _Field)), strict=True)
        beside = functools.partial(_Spans.beside, where=where)
        return _Field(functools.reduce(beside, rows), functools.reduce(beside, columns))

    def convolved(
        self,
        field: _Field,
        kernel_size: IntOrPair,
        stride: IntOrPair | None = None,
        padding: PaddingLike = 0,
        dilation: IntOrPair = 1,
        *,
        transposed: bool = False,
    ) -> _Field:
        kernel, gap = pair("kernel_size", kernel_size, 1), pair("dilation", dilation, 1)
        step = kernel if stride is None or stride == [] else pair("stride", stride, 1)
        around = padding_sides(padding, kernel, step, gap)
        reads = _stamp if transposed else _window
        return field.through(*(reads(kernel[a], step[a], around[a][0], gap[a]) for a in (0, 1)))

    def padded(self, field: _Field, padding: Sequence[int]) -> _Field:
        left, _, top, _ = padding
        return field.through(_window(1, 1, top, 1), _window(1, 1, left, 1))

    def enlarged(
        self,
        input: _Field,
        where: str,
        size: object = None,
        scale_factor: object = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        **more: object,
    ) -> _Field:
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor, scale_factor)
        whole = all(isinstance(f, (int, float)) and f == int(f) >= 1 for f in factors)
        if size is not None or not whole or mode not in _MODES or align_corners or more.get("antialias"):
            raise self.refuse(
                where,
                "what a cell reads depends on the image's size, but for a whole scale_factor in nearest, "
                "bilinear or bicubic mode without align_corners",
            )
        return input.through(*(_enlarged(int(factor), _MODES[mode]) for factor in factors))

    def shuffled(self, field: _Field, module: nn.Module) -> _Field:
        if isinstance(module, nn.PixelShuffle):
            reads = _enlarged(int(module.upscale_factor), "nearest")
        else:
            factor = int(module.downscale_factor)  # type: ignore[arg-type]
            reads = _window(factor, factor, 0, 1)
        return field.through(reads, reads)


def receptive_field(layers: nn.Module | Iterable[object]) -> ReceptiveField:
    """Receptive field of a model, or of a stack of layers.

    Of a model each path from the input to the output is followed, and the fields are united where paths
    meet: through branches and skips, strides, dilation, transposed convolutions and upsampling.  Activations,
    norms, dropout and identity pass through.

    Parameters
    ----------
    layers : torch.nn.Module or iterable
        A model, of torch's layers or this package's.  Or layers from the input upwards, each an int (a kernel
        size), a tuple (kernel_size, stride, padding, dilation) with any tail left out, a mapping with those
        keys, a :class:`Layer`, or an object with those attributes.

    Returns
    -------
    ReceptiveField
        `size`, `jump` and `start`, each (rows, columns).

    Raises
    ------
    TypeError, ValueError
        If a layer has no field of its own: one that depends on the image's size (``AdaptiveAvgPool2d``,
        ``FractionalMaxPool2d``, ``MaxUnpool2d``, ``Fold``, ``Linear``, …), or one that is not known; the
        message names it and its place.  If ``torch.fx`` cannot record the model.

    See Also
    --------
    convbook.geometry.receptive_field : the rule for a stack.
    cost : what a model costs.

    Notes
    -----
    The field is that of a cell far from the border: at the border, reflected and repeated pixels would come
    from inside the image.
    The mean and variance that ``GroupNorm`` and ``InstanceNorm2d`` take of a whole plane are not counted.

    A field says which pixels *can* reach a cell.  Weights that are zero, or a path that another one cancels,
    leave some out; and most of what arrives comes from the middle [1]_.

    References
    ----------
    .. [1] W. Luo, Y. Li, R. Urtasun and R. Zemel, "Understanding the Effective Receptive Field in Deep
       Convolutional Neural Networks", 2016.  https://doi.org/10.48550/arXiv.1701.04128

    Examples
    --------
    Two 3×3 kernels reach 5×5 pixels; a stride of 2 makes every later layer count double:

    >>> receptive_field([3, 3]).size, receptive_field([(3, 2), 3]).size
    ((5, 5), (7, 7))
    >>> net = torch.nn.Sequential(
    ...     torch.nn.Conv2d(1, 4, 3, stride=2),
    ...     torch.nn.BatchNorm2d(4),
    ...     torch.nn.ReLU(),
    ...     torch.nn.Conv2d(4, 4, 3),
    ... )
    >>> receptive_field(net)
    ReceptiveField(size=(7, 7), jump=(2, 2), start=(0, 0))

    Behind an enlargement neighboring cells share their field, and move half a pixel on average:

    >>> receptive_field(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Upsample(scale_factor=2))).jump
    (Fraction(1, 2), Fraction(1, 2))
    """
    if not isinstance(layers, nn.Module):
        return geometry.receptive_field(layers)
    pixel = _Spans(1, ((0, 0),))
    found = _FieldWalk(_recorded(layers)).run(_Field(pixel, pixel))
    if not isinstance(found, _Field):
        raise ValueError(f"model {type(layers).__name__} must return one tensor that its input reaches")
    size, jump, start = [], [], []
    for axis, word in zip(found, AXES, strict=True):
        some = [span for span in axis.spans if span is not None]
        if not some:
            raise ValueError(f"no input reaches the {word} of the output of {type(layers).__name__}")
        size.append(max(last - first + 1 for first, last in some))
        step = Fraction(axis.advance, len(axis.spans))
        jump.append(step.numerator if step.denominator == 1 else step)
        start.append(some[0][0])
    return ReceptiveField((size[0], size[1]), (jump[0], jump[1]), (start[0], start[1]))


# ------------------------------------------------------------------------------------------------------ cost


class LayerCost(NamedTuple):
    """What one layer of a model costs.

    Attributes
    ----------
    name : str
        The layer's place in the model, or the function's name.
    kind : str
        Its class.
    output_size : tuple of int
        Shape of what it returns.
    multiply_adds : int
        One multiplication and one addition each.
    parameters : int
        Weights and, where there is one, the bias.

    Examples
    --------
    >>> LayerCost("0", "Conv2d", (1, 4, 6, 6), 1296, 40).multiply_adds
    1296
    """

    name: str
    kind: str
    output_size: tuple[int, ...]
    multiply_adds: int
    parameters: int


class ModelCost(NamedTuple):
    """What a model costs, in exact integers.

    Attributes
    ----------
    multiply_adds : int
        MAC: one multiplication and one addition each, of convolutions and of linear layers.
    parameters : int
        All numbers of the model that are trained, norms among them; a shared one counts once.
    layers : tuple of LayerCost
        Each convolution and linear layer, in order; one that is used twice stands there twice.

    Examples
    --------
    >>> found = ModelCost(9, 10, ())
    >>> found.multiply_adds, found.flops
    (9, 18)
    """

    multiply_adds: int
    parameters: int
    layers: tuple[LayerCost, ...]

    @property
    def flops(self) -> int:
        """FLOP: multiplications and additions one by one, twice the multiply–adds."""
        return 2 * self.multiply_adds


@overload
def cost(model: nn.Module, input_size: IntOrPair | Sequence[int], *, batch: int = 1) -> ModelCost: ...


@overload
def cost(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    in_channels: int = 1,
    out_channels: int = 1,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
    *,
    bias: bool = True,
    batch: int = 1,
    itemsize: int = 4,
) -> Cost: ...


def cost(*args: Any, **kwargs: Any) -> ModelCost | Cost:  # numpydoc ignore=PR02
    """Multiply–adds and parameters of a model, ``cost(model, input_size)``, or of one layer by its numbers.

    Parameters
    ----------
    model : torch.nn.Module, optional
        A model of torch's layers or this package's; it is not run, and may be of any size.
    input_size : int, pair of int or shape
        Rows and columns.  For a model the shape (channels, rows, columns) too; without it the channels are
        those of its first convolution.
    kernel_size, in_channels, out_channels, stride, padding, dilation, groups, bias, itemsize : optional
        One layer's numbers, as :func:`convbook.geometry.cost` takes them; not for a model.
    batch : int, optional
        Images at once.

    Returns
    -------
    ModelCost or Cost
        `multiply_adds`, `flops`, `parameters`; for a model `layers`, for one layer its bytes.

    Raises
    ------
    ValueError, TypeError
        If a layer is not known (the message names it: what it costs would be missing in the sum), the model
        does not fit the input, or ``torch.fx`` cannot record it.

    See Also
    --------
    convbook.geometry.cost : the formula of one layer.
    receptive_field : the pixels that can reach an output cell of the model.

    Notes
    -----
    **MAC and FLOP.**  A multiply–add (MAC) is one multiplication and the addition of its product to the sum;
    as floating-point operations (FLOP) that is two.  Papers and tools report either under the name of the
    other, so a factor of two between two sources usually means nothing else.  As in torch's own
    ``FlopCounterMode``, convolutions and linear layers count; biases, activations, norms, pooling and
    additions of branches do not.  Multiplications with the padding's zeros are counted.

    A transposed convolution multiplies each *input* cell with the whole kernel: input cells · input channels
    · output channels / groups · taps, and not output cells · taps, stride² times as many.

    Examples
    --------
    A 3×3 layer from 8×8 to 6×6: 36 cells, 4 channels, 2·9 products each:

    >>> found = cost(torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU()), 8)
    >>> found.multiply_adds, found.flops, found.parameters
    (2592, 5184, 76)
    >>> cost(8, 3, 2, 4).multiply_adds
    2592

    Its transpose costs as much, with its 36 cells as the input:

    >>> cost(torch.nn.ConvTranspose2d(4, 2, 3), 6).multiply_adds
    2592
    """
    if "model" in kwargs or (args and isinstance(args[0], nn.Module)):
        return _cost_of_model(*args, **kwargs)
    return geometry.cost(*args, **kwargs)


cost.__signature__ = inspect.signature(geometry.cost)  # type: ignore[attr-defined]  # what was promised first


def _cost_of_model(
    model: nn.Module, input_size: object = None, *more: object, batch: int = 1, **others: object
) -> ModelCost:
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {describe(model)}")
    if more or others:
        extra = ", ".join([*map(describe, more), *(f"{name}={value!r}" for name, value in others.items())])
        raise TypeError(
            f"cost of a model takes input_size and batch alone, got {extra}; settings belong to its layers"
        )
    shape = (integer("batch", batch, 1), *_image_shape(model, input_size))
    # Tensors without numbers: nothing is copied, and nothing computed.
    memo: dict[int, Any] = {id(b): b.detach().to("meta") for b in model.buffers()}
    memo |= {id(p): nn.Parameter(p.detach().to("meta"), p.requires_grad) for p in model.parameters()}
    walk = _CostWalk(_recorded(copy.deepcopy(model, memo).eval()))
    dtype = next((p.dtype for p in model.parameters()), torch.get_default_dtype())
    with torch.no_grad():
        walk.run(torch.empty(shape, dtype=dtype, device="meta"))
    parameters = sum(p.numel() for p in model.parameters())
    return ModelCost(sum(layer.multiply_adds for layer in walk.found), parameters, tuple(walk.found))


def _image_shape(model: nn.Module, input_size: object) -> tuple[int, ...]:
    """Return (channels, rows, columns), with the channels of the first convolution where none are given."""
    if isinstance(input_size, (tuple, list)) and len(input_size) == 3:
        return tuple(integer("input_size", size, 1) for size in input_size)
    size = pair("input_size", input_size, 1)
    for module in model.modules():
        if isinstance(module, _CONVOLUTIONS):
            return (int(module.in_channels), *size)
    raise ValueError(
        f"model {type(model).__name__} has no convolution that tells the channels: pass "
        "input_size=(channels, rows, columns)"
    )


class _CostWalk(_Walk):
    """Run a model on tensors without numbers, and note what each layer costs."""

    asks = "cost"

    def __init__(self, recorded: torch.fx.GraphModule) -> None:
        super().__init__(recorded)
        self.found: list[LayerCost] = []

    def run_node(self, n: torch.fx.Node) -> Any:
        try:
            return super().run_node(n)
        except RuntimeError as problem:
            reason = str(problem).splitlines()[0]
            raise ValueError(f"the model does not fit the input at {n.target}: {reason}") from problem

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module = self.fetch_attr(target)
        known = (*_POINTWISE, *_CONVOLUTIONS, *_POOLS, *_PADS, *_RESIZES, *_OF_THE_SIZE, nn.LayerNorm)
        if not isinstance(module, known):
            raise self.refuse(self.where(target), "what it multiplies is not known")
        output = super().call_module(target, args, kwargs)
        if isinstance(module, (*_CONVOLUTIONS, nn.Linear)):
            transposed = getattr(module, "transposed", False)
            self.note(target, type(module).__name__, args[0], module.weight, module.bias, output, transposed)
        return output

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        multiplies = {**_CONV_FUNCTIONS, F.linear: ["input", "weight", "bias"]}
        known = {*_POINTWISE_FUNCTIONS, *_POOL_FUNCTIONS, *_RESIZE_FUNCTIONS, *_SIZE_FUNCTIONS, *multiplies}
        if target not in known:
            raise self.refuse(self.where(target), "what it multiplies is not known")
        output = super().call_function(target, args, kwargs)
        if target in multiplies:
            given = _named(multiplies[target], args, kwargs)
            tensors = given["input"], given["weight"], given.get("bias")
            self.note(target.__name__, "function", *tensors, output, target is F.conv_transpose2d)
        return output

    def call_method(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if target not in _POINTWISE_METHODS | _SIZE_METHODS:
            raise self.refuse(f"the method .{target}()", "what it multiplies is not known")
        return super().call_method(target, args, kwargs)

    def note(
        self,
        name: str,
        kind: str,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        output: Tensor,
        transposed: bool,
    ) -> None:
        # One cell, of the output or for a transposed convolution of the input, takes one kernel.
        cells = input.numel() if transposed else output.numel()
        products = cells * math.prod(weight.shape[1:])
        parameters = weight.numel() + (0 if bias is None else bias.numel())
        self.found.append(LayerCost(name, kind, tuple(output.shape), products, parameters))
