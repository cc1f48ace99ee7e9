"""The operations that a kernel can be checked for: their settings, how a call is built, what is right.

A case is a *specification*: a dictionary of words and small integers, such as ``{"rows": 6, "stride_rows": 2,
"dtype": "float32", …}``.  The same specification always builds the same call, so that it can be written to
a file, drawn at random, and made smaller one entry at a time.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

import convbook
from convbook import _judge
from convbook.algorithms.transposed import stamps
from convbook.testing._numbers import draw, laid_out

Spec = dict[str, Any]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Call:
    """One call: arguments by position, in order, and options by name, where they are not at their default."""

    operation: str
    arguments: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """Return an argument or an option, or the option's default."""
        found = {**DEFAULTS[self.operation], **self.arguments, **self.options}
        return found[name]

    def two(self, name: str) -> Pair:
        """Return an option of one or two integers as (rows, columns); pooling's stride is its window's."""
        value = self.value(name)
        if value is None:
            value = self.value("kernel_size")
        return (value, value) if isinstance(value, int) else tuple(value)

    def sides(self) -> tuple[Pair, Pair]:
        """Return a convolution's padding as ((top, bottom), (left, right))."""
        value = self.value("padding")
        if value == "same":
            rows, columns = self.kernel_size()
            return convbook.same_padding((rows, columns), self.two("dilation"))
        if value == "valid":
            return (0, 0), (0, 0)
        rows, columns = (value, value) if isinstance(value, int) else value
        pair = (rows, rows) if isinstance(rows, int) else rows
        return tuple(pair), (columns, columns) if isinstance(columns, int) else tuple(columns)

    def kernel_size(self) -> Pair:
        """Return rows and columns of a convolution's kernel."""
        shape = self.value("weight_size") if "weight_size" in self.arguments else self.value("weight").shape
        return int(shape[-2]), int(shape[-1])

    def but(self, **changes: Any) -> Call:
        """Return the same call with some of its arguments or options changed."""
        arguments = {name: changes.pop(name, value) for name, value in self.arguments.items()}
        return replace(self, arguments=arguments, options=self.options | changes)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Call:
        """Return the same call with every tensor changed."""

        def each(values: Mapping[str, Any]) -> dict[str, Any]:
            return {
                name: change(value) if isinstance(value, Tensor) else value for name, value in values.items()
            }

        return replace(self, arguments=each(self.arguments), options=each(self.options))

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors by name."""
        both = self.arguments | self.options
        return {name: value for name, value in both.items() if isinstance(value, Tensor)}

    def answer(self) -> Any:
        """Return what is right, computed in the dtype of the tensors."""
        return OPERATIONS[self.operation].right(self)

    def in_words(self) -> str:
        """Return the call as Python writes it, with the shapes of the tensors."""

        def one(value: Any) -> str:
            return f"⟨{'×'.join(map(str, value.shape))}⟩" if isinstance(value, Tensor) else repr(value)

        given = [one(value) for value in self.arguments.values()]
        given += [f"{name}={one(value)}" for name, value in self.options.items()]
        return f"{self.operation}({', '.join(given)})"


def nothing_summed(call: Call) -> int:
    """Say that nothing is summed."""
    return 0


@dataclass(frozen=True)
class Operation:
    """What is known of an operation.

    Attributes
    ----------
    choices : dict
        The values of each entry of a specification, the simplest first.
    usual : dict
        The specification that the designed cases start from.
    build : callable
        Makes the call of a specification.
    right : callable
        Gives the right answer of a call.
    terms : callable
        How many numbers one output is summed from, at most; 0 where nothing is summed.
    spoils : dict
        Ways to make a call that has no answer, by name.
    root : bool
        Whether powers and roots are computed, which round more coarsely than sums.
    """

    choices: dict[str, tuple[Any, ...]]
    usual: Spec
    build: Callable[[Spec], Call]
    right: Callable[[Call], Any]
    terms: Callable[[Call], int] = nothing_summed
    spoils: dict[str, Callable[[Call], Call]] = field(default_factory=dict)
    root: bool = False

    def selects(self, call: Call) -> bool:
        """Tell whether the answer is made of numbers of the input, as a maximum is: nothing is rounded."""
        return self.terms(call) == 0


def built(spec: Spec) -> Call:
    """Return the call of a specification, spoiled where the specification says so."""
    operation = OPERATIONS[spec["operation"]]
    call = operation.build(spec)
    if spec.get("spoil"):
        call = operation.spoils[spec["spoil"]](call)
    return call.mapped(lambda tensor: laid_out(tensor, spec["layout"]))


def _given(**options: Any) -> dict[str, Any]:
    """Return the options that are not at the value that stands after the colon: {name: (value, default)}."""
    return {name: value for name, (value, default) in options.items() if value != default}


def _short(rows: int, columns: int) -> int | Pair:
    """Return one integer where both are the same."""
    return rows if rows == columns else (rows, columns)


def _both(spec: Spec, name: str) -> int | Pair:
    return _short(spec[f"{name}_rows"], spec[f"{name}_columns"])


def _lead(spec: Spec) -> tuple[int, ...]:
    """Return the batch's axis: none for a single image."""
    return () if spec["batch"] == "none" else (spec["batch"],)


# --------------------------------------------------------------------------------------- the convolutions

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")
VALUES = ("counted", "whole", "normal", "wide", "not finite", "large", "overflow")
LAYOUTS = ("contiguous", "channels last", "every second")

_SIZES: dict[str, tuple[Any, ...]] = {
    "batch": (1, 2, 3, "none", 0),
    "rows": tuple(range(1, 13)),
    "columns": tuple(range(1, 15)),
    "kernel_rows": (1, 2, 3, 4, 5),
    "kernel_columns": (1, 2, 3, 4, 5),
}
_STEPS: dict[str, tuple[Any, ...]] = {
    f"{name}_{axis}": values
    for name, values in {"stride": (1, 2, 3), "dilation": (1, 2, 3)}.items()
    for axis in ("rows", "columns")
}
_ENDS: dict[str, tuple[Any, ...]] = {"values": VALUES, "layout": LAYOUTS, "seed": (0,)}
_CHANNELS: dict[str, tuple[Any, ...]] = {"groups": (1, 2, 3), "inputs": (1, 2, 3), "outputs": (1, 2, 3)}
_SIDES: dict[str, tuple[Any, ...]] = dict.fromkeys(("top", "bottom", "left", "right"), (0, 1, 2))
_EVEN: dict[str, tuple[Any, ...]] = {"padding_rows": (0, 1, 2), "padding_columns": (0, 1, 2)}
_DTYPES = (*FLOATS, *INTEGERS, "complex64")

_CONV2D = {
    "bias": (False, True),
    "padding_mode": ("zeros", "reflect", "replicate", "circular", "symmetric"),
    "padding_word": ("", "valid", "same"),
    **_STEPS,
    **_SIDES,
    **_CHANNELS,
    **_SIZES,
    "dtype": _DTYPES,
    **_ENDS,
}
_PLAIN: Spec = {
    "batch": 2,
    "inputs": 2,
    "outputs": 3,
    "rows": 6,
    "columns": 7,
    "kernel_rows": 2,
    "kernel_columns": 3,
    "values": "normal",
}


def _conv_padding(spec: Spec) -> Any:
    if spec["padding_word"]:
        return spec["padding_word"]
    top, bottom, left, right = (spec[side] for side in _SIDES)
    return _short(top, left) if (top, left) == (bottom, right) else ((top, bottom), (left, right))


def _windows(spec: Spec, padding: Any) -> dict[str, Any]:
    """Return the options that a convolution and its gradients share."""
    return _given(
        stride=(_both(spec, "stride"), 1),
        padding=(padding, 0),
        dilation=(_both(spec, "dilation"), 1),
        groups=(spec["groups"], 1),
    )


def _conv_tensors(spec: Spec) -> tuple[Tensor, Tensor]:
    channels, outs = spec["groups"] * spec["inputs"], spec["groups"] * spec["outputs"]
    image = draw(spec, "image", *_lead(spec), channels, spec["rows"], spec["columns"])
    return image, draw(spec, "weight", outs, spec["inputs"], spec["kernel_rows"], spec["kernel_columns"])


def _conv2d(spec: Spec) -> Call:
    image, weight = _conv_tensors(spec)
    options = {"bias": draw(spec, "bias", weight.shape[0])} if spec["bias"] else {}
    options |= _windows(spec, _conv_padding(spec)) | _given(padding_mode=(spec["padding_mode"], "zeros"))
    return Call("conv2d", {"input": image, "weight": weight}, options)


def _conv2d_right(call: Call) -> Tensor:
    return convbook.conv2d(*call.arguments.values(), **call.options, method="windows")


def _conv_terms(call: Call) -> int:
    weight = call.value("weight")
    return int(math.prod(weight.shape[1:])) + 1


def _transposed(spec: Spec) -> Call:
    channels = spec["groups"] * spec["inputs"]
    image = draw(spec, "image", *_lead(spec), channels, spec["rows"], spec["columns"])
    weight = draw(spec, "weight", channels, spec["outputs"], spec["kernel_rows"], spec["kernel_columns"])
    more = tuple(
        min(spec[f"output_padding_{axis}"], max(spec[f"stride_{axis}"], spec[f"dilation_{axis}"]) - 1)
        for axis in ("rows", "columns")
    )
    options = {"bias": draw(spec, "bias", spec["groups"] * spec["outputs"])} if spec["bias"] else {}
    options |= _windows(spec, _both(spec, "padding")) | _given(output_padding=(_short(*more), 0))
    return Call("conv_transpose2d", {"input": image, "weight": weight}, options)


def _transposed_right(call: Call) -> Tensor:
    image, weight, bias = (call.value(name) for name in ("input", "weight", "bias"))
    names = ("stride", "padding", "output_padding", "groups", "dilation")
    setting = _judge.conv_transpose2d_setting(image, weight, bias, *(call.value(name) for name in names))
    batch = image if image.dim() == 4 else image.unsqueeze(0)
    output = stamps(batch, weight, bias, setting)
    return output if image.dim() == 4 else output.squeeze(0)


def _transposed_terms(call: Call) -> int:
    weight = call.value("weight")
    return int(weight.shape[0] // call.value("groups") * weight.shape[2] * weight.shape[3]) + 1


def _gradient_call(spec: Spec) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
    image, weight = _conv_tensors(spec)
    options = _windows(spec, _conv_padding(spec))
    size = convbook.conv2d(image, weight, method="windows", **options).shape
    return image, weight, draw(spec, "grad_output", *size), options


def _conv2d_input(spec: Spec) -> Call:
    image, weight, grad, options = _gradient_call(spec)
    given = {"input_size": tuple(image.shape), "weight": weight, "grad_output": grad}
    return Call("conv2d_input", given, options)


def _conv2d_weight(spec: Spec) -> Call:
    image, weight, grad, options = _gradient_call(spec)
    given = {"input": image, "weight_size": tuple(weight.shape), "grad_output": grad}
    return Call("conv2d_weight", given, options)


def _by_autograd(call: Call) -> Tensor:
    """Differentiate the convolution that is held against the definition; integers stay exact in float64."""
    grad = call.value("grad_output")
    exact = grad.dtype if grad.is_floating_point() or grad.is_complex() else torch.float64
    sizes = {name: value for name, value in call.arguments.items() if name.endswith("_size")}
    judge = {"input_size": _judge.conv2d_input_setting, "weight_size": _judge.conv2d_weight_setting}
    judge[next(iter(sizes))](*call.arguments.values(), **call.options)
    zeros = {name: torch.zeros(size, dtype=exact) for name, size in sizes.items()}
    image = zeros["input_size"] if "input_size" in zeros else call.value("input").to(exact)
    weight = zeros["weight_size"] if "weight_size" in zeros else call.value("weight").to(exact)
    wanted = image if "input_size" in zeros else weight
    with torch.enable_grad():
        wanted.requires_grad_()
        result = convbook.conv2d(image, weight, method="windows", **call.options)
        twice = any(tensor.requires_grad for tensor in call.tensors().values())
        (found,) = torch.autograd.grad(result, wanted, grad.to(exact), create_graph=twice)
    return found.to(grad.dtype)


def _gradient_terms(call: Call) -> int:
    return int(call.value("grad_output").numel()) + 1


def _more_channels(call: Call) -> Call:
    image = call.value("input")
    return call.but(input=torch.cat([image, image], dim=-3))


def _kernel_too_large(call: Call) -> Call:
    """Let the kernel be taller than the padded image."""
    image, weight = call.value("input"), call.value("weight")
    tall = torch.ones(*weight.shape[:2], image.shape[-2] + 9, weight.shape[3], dtype=weight.dtype)
    return call.but(weight=tall, padding=0)


def _longer_bias(call: Call) -> Call:
    outs = call.value("weight").shape[0]
    return call.but(bias=torch.ones(outs + 1, dtype=call.value("input").dtype))


_STRIDES: dict[str, Callable[[Call], Call]] = {
    "a stride of 0": lambda call: call.but(stride=0),
    "a negative stride": lambda call: call.but(stride=(1, -1)),
}
_DILATIONS: dict[str, Callable[[Call], Call]] = {"a dilation of 0": lambda call: call.but(dilation=0)}
_NEGATIVE: dict[str, Callable[[Call], Call]] = {"a negative padding": lambda call: call.but(padding=-1)}
_CONV_SPOILS = {
    **_STRIDES,
    **_DILATIONS,
    **_NEGATIVE,
    "twice as many channels as the weight takes": _more_channels,
    "groups that do not divide the channels": lambda call: call.but(groups=7),
}

# ------------------------------------------------------------------------------------------- the poolings

_POOL = {
    "ceil_mode": (False, True),
    "stride_rows": ("none", 1, 2, 3, 4),
    "stride_columns": ("none", 1, 2, 3, 4),
    "channels": (1, 2, 3),
    **_SIZES,
}
_POOL_PLAIN: Spec = {
    "batch": 2,
    "channels": 2,
    "rows": 7,
    "columns": 8,
    "kernel_rows": 2,
    "kernel_columns": 3,
    "values": "normal",
}


def _image(spec: Spec) -> Tensor:
    return draw(spec, "image", *_lead(spec), spec["channels"], spec["rows"], spec["columns"])


def _pool_options(spec: Spec) -> dict[str, Any]:
    """Return stride, padding and ceil_mode; one axis without a stride takes the window's."""
    kernel = (spec["kernel_rows"], spec["kernel_columns"])
    steps = (spec["stride_rows"], spec["stride_columns"])
    stride: Any = None
    if steps != ("none", "none"):
        stride = _short(*(k if s == "none" else s for k, s in zip(kernel, steps, strict=True)))
    cut = [
        min(spec.get(f"padding_{axis}", 0), k // 2)
        for axis, k in zip(("rows", "columns"), kernel, strict=True)
    ]
    return _given(stride=(stride, None), padding=(_short(*cut), 0), ceil_mode=(spec["ceil_mode"], False))


def _max_pool(spec: Spec) -> Call:
    options = _pool_options(spec) | _given(
        dilation=(_both(spec, "dilation"), 1), return_indices=(spec["return_indices"], False)
    )
    return Call("max_pool2d", {"input": _image(spec), "kernel_size": _both(spec, "kernel")}, options)


def _avg_pool(spec: Spec) -> Call:
    divisor = None if spec["divisor_override"] == "none" else spec["divisor_override"]
    options = _pool_options(spec) | _given(
        count_include_pad=(spec["count_include_pad"], True), divisor_override=(divisor, None)
    )
    return Call("avg_pool2d", {"input": _image(spec), "kernel_size": _both(spec, "kernel")}, options)


def _lp_pool(spec: Spec) -> Call:
    given = {
        "input": _image(spec),
        "norm_type": float(spec["norm_type"]),
        "kernel_size": _both(spec, "kernel"),
    }
    return Call("lp_pool2d", given, _pool_options(spec))


def _adaptive(name: str) -> Callable[[Spec], Call]:
    def build(spec: Spec) -> Call:
        wanted = [None if spec[f"output_{axis}"] == "none" else spec[f"output_{axis}"] for axis in _AXES]
        size = wanted[0] if wanted[0] == wanted[1] and wanted[0] is not None else tuple(wanted)
        options = _given(return_indices=(spec.get("return_indices", False), False))
        return Call(name, {"input": _image(spec), "output_size": size}, options)

    return build


_AXES = ("rows", "columns")
_ADAPTIVE = {
    "channels": (1, 2, 3),
    "batch": _SIZES["batch"],
    "rows": _SIZES["rows"],
    "columns": _SIZES["columns"],
    "output_rows": (1, 2, 3, 4, 5, "none"),
    "output_columns": (1, 2, 3, 4, 5, "none"),
}


def _by_name(call: Call) -> Any:
    return getattr(convbook, call.operation)(*call.arguments.values(), **call.options)


def _window_terms(call: Call) -> int:
    return math.prod(call.two("kernel_size")) + 2


def _plane_terms(call: Call) -> int:
    return math.prod(next(iter(call.tensors().values())).shape[-2:]) + 2


def _window_too_large(call: Call) -> Call:
    return call.but(kernel_size=(99, 1))


_POOL_SPOILS: dict[str, Callable[[Call], Call]] = {
    **_STRIDES,
    "a window of 0 rows": lambda call: call.but(kernel_size=(0, 1)),
    "a window larger than the image": _window_too_large,
}


# ----------------------------------------------------------------------------------- padding and windows


def _unpool(spec: Spec) -> Call:
    """Put the maxima of windows side by side back to their places; no place gets two numbers."""
    kernel, image = _both(spec, "kernel"), _image(spec)
    values, indices = convbook.max_pool2d(image, kernel, return_indices=True)
    size = (spec["rows"], spec["columns"])
    options: dict[str, Any] = {}
    if size != tuple(n * k for n, k in zip(values.shape[-2:], _pair_of(kernel), strict=True)):
        options = {"output_size": size}
    return Call("max_unpool2d", {"input": values, "indices": indices, "kernel_size": kernel}, options)


def _pair_of(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value


def _pad(spec: Spec) -> Call:
    image = _image(spec)
    options = _given(mode=(spec["padding_mode"], "zeros"))
    if spec["padding_mode"] == "zeros":
        options |= _given(value=(spec["value"], 0))
    sides = ((spec["top"], spec["bottom"]), (spec["left"], spec["right"]))
    return Call("pad", {"input": image, "padding": sides}, options)


def _unfold(spec: Spec) -> Call:
    options = _given(
        dilation=(_both(spec, "dilation"), 1),
        padding=(_both(spec, "padding"), 0),
        stride=(_both(spec, "stride"), 1),
    )
    return Call("unfold", {"input": _image(spec), "kernel_size": _both(spec, "kernel")}, options)


def _fold(spec: Spec) -> Call:
    window = _unfold(spec)
    shape = window.answer().shape
    columns = draw(spec, "image", *shape)
    given = {
        "input": columns,
        "output_size": _short(spec["rows"], spec["columns"]),
        "kernel_size": window.value("kernel_size"),
    }
    return Call("fold", given, window.options)


_UNFOLD = {**_STEPS, **_EVEN, "channels": (1, 2, 3), **_SIZES, "dtype": _DTYPES, **_ENDS}

# -------------------------------------------------------------------------------------- one image, by loops


def _matrices(name: str, lead: tuple[str, ...], kernel_lead: tuple[str, ...]) -> Callable[[Spec], Call]:
    def build(spec: Spec) -> Call:
        X = draw(spec, "image", *(spec[axis] for axis in lead), spec["rows"], spec["columns"])
        kernel = (spec["kernel_rows"], spec["kernel_columns"])
        return Call(name, {"X": X, "K": draw(spec, "weight", *(spec[axis] for axis in kernel_lead), *kernel)})

    return build


def _pool2d(spec: Spec) -> Call:
    X = draw(spec, "image", spec["rows"], spec["columns"])
    return Call("pool2d", {"X": X, "pool_size": _both(spec, "kernel")}, _given(mode=(spec["mode"], "max")))


def _taller_kernel(call: Call) -> Call:
    X, K = call.value("X"), call.value("K")
    return call.but(K=torch.ones(*K.shape[:-2], X.shape[-2] + 1, K.shape[-1], dtype=X.dtype))


def _matrix_terms(call: Call) -> int:
    return int(math.prod(call.value("K").shape[-3:])) + 1


_MATRIX: dict[str, tuple[Any, ...]] = {
    **{name: values for name, values in _SIZES.items() if name != "batch"},
    "dtype": _DTYPES,
    **_ENDS,
}
_MATRIX_PLAIN: Spec = {"rows": 5, "columns": 6, "kernel_rows": 2, "kernel_columns": 3, "values": "normal"}
_TALLER: dict[str, Callable[[Call], Call]] = {"a kernel larger than the image": _taller_kernel}
_GRADIENT_SPOILS: dict[str, Callable[[Call], Call]] = {
    **_STRIDES,
    **_DILATIONS,
    "a gradient of another size": lambda call: call.but(
        grad_output=torch.cat([call.value("grad_output")] * 2, dim=-1)
    ),
}


def _without(choices: dict[str, tuple[Any, ...]], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: values for name, values in choices.items() if name not in names}


OPERATIONS: dict[str, Operation] = {
    "conv2d": Operation(
        _CONV2D,
        _PLAIN,
        _conv2d,
        _conv2d_right,
        _conv_terms,
        {
            **_CONV_SPOILS,
            "a kernel larger than the image": _kernel_too_large,
            "a bias that is too long": _longer_bias,
        },
    ),
    "conv_transpose2d": Operation(
        {
            **_without(_CONV2D, "padding_mode", "padding_word", *_SIDES),
            **_EVEN,
            "output_padding_rows": (0, 1, 2),
            "output_padding_columns": (0, 1, 2),
        },
        _PLAIN | {"rows": 4, "columns": 5},
        _transposed,
        _transposed_right,
        _transposed_terms,
        {
            **_CONV_SPOILS,
            "an output_padding as large as the stride": lambda call: call.but(
                stride=2, dilation=1, output_padding=2
            ),
            "a bias that is too long": lambda call: call.but(
                bias=torch.ones(99, dtype=call.value("input").dtype)
            ),
        },
    ),
    "conv2d_input": Operation(
        _without(_CONV2D, "padding_mode", "bias") | {"values": ("counted", "whole", "normal", "wide")},
        _PLAIN,
        _conv2d_input,
        _by_autograd,
        _gradient_terms,
        _GRADIENT_SPOILS,
    ),
    "conv2d_weight": Operation(
        _without(_CONV2D, "padding_mode", "bias") | {"values": ("counted", "whole", "normal", "wide")},
        _PLAIN,
        _conv2d_weight,
        _by_autograd,
        _gradient_terms,
        _GRADIENT_SPOILS,
    ),
    "max_pool2d": Operation(
        {
            "return_indices": (False, True),
            "dilation_rows": (1, 2, 3),
            "dilation_columns": (1, 2, 3),
            **_EVEN,
            **_POOL,
            "dtype": (*FLOATS, *INTEGERS),
            **_ENDS,
        },
        _POOL_PLAIN,
        _max_pool,
        _by_name,
        spoils={**_POOL_SPOILS, **_NEGATIVE, **_DILATIONS},
    ),
    "avg_pool2d": Operation(
        {
            "count_include_pad": (True, False),
            "divisor_override": ("none", 2, 3, 7),
            **_EVEN,
            **_POOL,
            "dtype": (*FLOATS, "int64"),
            **_ENDS,
        },
        _POOL_PLAIN,
        _avg_pool,
        _by_name,
        _window_terms,
        {**_POOL_SPOILS, **_NEGATIVE, "a divisor of 0": lambda call: call.but(divisor_override=0)},
    ),
    "lp_pool2d": Operation(
        {"norm_type": (1, 2, 3, 4), **_POOL, "dtype": FLOATS, **_ENDS},
        _POOL_PLAIN | {"norm_type": 2},
        _lp_pool,
        _by_name,
        _window_terms,
        {**_POOL_SPOILS, "a norm of 0": lambda call: call.but(norm_type=0.0)},
        root=True,
    ),
    "adaptive_avg_pool2d": Operation(
        {**_ADAPTIVE, "dtype": FLOATS, **_ENDS},
        _POOL_PLAIN | {"output_rows": 3, "output_columns": 2},
        _adaptive("adaptive_avg_pool2d"),
        _by_name,
        _plane_terms,
        {"a negative output size": lambda call: call.but(output_size=-1)},
    ),
    "adaptive_max_pool2d": Operation(
        {"return_indices": (False, True), **_ADAPTIVE, "dtype": FLOATS, **_ENDS},
        _POOL_PLAIN | {"output_rows": 3, "output_columns": 2},
        _adaptive("adaptive_max_pool2d"),
        _by_name,
        spoils={"a negative output size": lambda call: call.but(output_size=-1)},
    ),
    "global_avg_pool2d": Operation(
        {**_without(_ADAPTIVE, "output_rows", "output_columns"), "dtype": FLOATS, **_ENDS},
        _POOL_PLAIN,
        lambda spec: Call("global_avg_pool2d", {"input": _image(spec)}),
        _by_name,
        _plane_terms,
    ),
    "pool2d": Operation(
        {"mode": ("max", "avg"), **_MATRIX, "dtype": FLOATS},
        _MATRIX_PLAIN,
        _pool2d,
        _by_name,
        lambda call: (
            math.prod(call.value("X").shape[-2:]) + 2 if call.value("mode") == "avg" else 0
        ),
        {"a window larger than the image": lambda call: call.but(pool_size=(99, 1))},
    ),
    "max_unpool2d": Operation(
        {
            "channels": (1, 2, 3),
            **_SIZES,
            "dtype": FLOATS,
            **_ENDS,
            "values": ("counted", "whole", "normal", "wide"),
            "layout": ("contiguous", "every second"),
        },
        _POOL_PLAIN,
        _unpool,
        _by_name,
        spoils={
            "an index beyond the output": lambda call: call.but(indices=call.value("indices") + 9999),
            "fewer indices than numbers": lambda call: call.but(indices=call.value("indices")[..., 1:]),
        },
    ),
    "pad": Operation(
        {
            "padding_mode": ("zeros", "reflect", "replicate", "circular", "symmetric"),
            "value": (0, 1, 3),
            **_SIDES,
            "channels": (1, 2, 3),
            "batch": _SIZES["batch"],
            "rows": _SIZES["rows"],
            "columns": _SIZES["columns"],
            "dtype": _DTYPES,
            **_ENDS,
        },
        _POOL_PLAIN | {"top": 1, "bottom": 1, "left": 1, "right": 1},
        _pad,
        _by_name,
    ),
    "unfold": Operation(
        _UNFOLD,
        _POOL_PLAIN,
        _unfold,
        _by_name,
        spoils={**_STRIDES, **_DILATIONS, **_NEGATIVE, "a window larger than the image": _window_too_large},
    ),
    "fold": Operation(
        _UNFOLD | {"layout": ("contiguous", "every second")},
        _POOL_PLAIN,
        _fold,
        _by_name,
        _window_terms,
        {
            **_STRIDES,
            **_DILATIONS,
            "another number of columns": lambda call: call.but(
                input=torch.cat([call.value("input")] * 2, dim=-1)
            ),
        },
    ),
    "corr2d": Operation(
        _MATRIX, _MATRIX_PLAIN, _matrices("corr2d", (), ()), _by_name, _matrix_terms, _TALLER
    ),
    "convolve2d": Operation(
        _MATRIX, _MATRIX_PLAIN, _matrices("convolve2d", (), ()), _by_name, _matrix_terms, _TALLER
    ),
    "corr2d_multi_in": Operation(
        {"channels": (1, 2, 3), **_MATRIX},
        _MATRIX_PLAIN | {"channels": 2},
        _matrices("corr2d_multi_in", ("channels",), ("channels",)),
        _by_name,
        _matrix_terms,
        {
            **_TALLER,
            "twice as many channels": lambda call: call.but(X=torch.cat([call.value("X")] * 2)),
        },
    ),
    "corr2d_multi_in_out": Operation(
        {"channels": (1, 2, 3), "outputs": (1, 2, 3), **_MATRIX},
        _MATRIX_PLAIN | {"channels": 2, "outputs": 3},
        _matrices("corr2d_multi_in_out", ("channels",), ("outputs", "channels")),
        _by_name,
        _matrix_terms,
        {
            **_TALLER,
            "twice as many channels": lambda call: call.but(X=torch.cat([call.value("X")] * 2)),
        },
    ),
}  # fmt: skip

DEFAULTS: dict[str, dict[str, Any]] = {
    name: {
        parameter.name: parameter.default
        for parameter in inspect.signature(getattr(convbook, name)).parameters.values()
        if parameter.default is not parameter.empty
    }
    for name in OPERATIONS
}
