"""Hold the kernels of other libraries against the definition, and write what was found beside this file.

Run it in an environment that holds them, as `nox -s renew -- kernels_of_others` does; a library that is not installed keeps its old rows.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("DEV", "PYTHON")  # tinygrad without a compiler

import numpy as np

from convbook.testing import check_kernel

CASES = int(os.environ.get("CASES", "1000"))


def two(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def four(padding):
    """Return ((top, bottom), (left, right))."""
    rows, columns = two(padding)
    return tuple(p if isinstance(p, tuple) else (p, p) for p in (rows, columns))


# ------------------------------------------------------------------------------------------------ torch


def torch_kernels():
    import torch.nn.functional as F

    names = ("conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "lp_pool2d", "adaptive_avg_pool2d")
    for name in names:
        yield name, f"torch.nn.functional.{name}", getattr(F, name), "torch"


# ------------------------------------------------------------------------------------------------- ONNX


def onnx_run(op, inputs, attributes, outputs=1):
    from onnx import TensorProto, helper
    from onnx.helper import np_dtype_to_tensor_dtype
    from onnx.reference import ReferenceEvaluator

    if inputs[0].ndim != 4:
        raise ValueError("a batch of images is needed: three axes mean one-dimensional windows in ONNX")
    names = [f"x{number}" for number in range(len(inputs))]
    node = helper.make_node(op, names, [f"y{number}" for number in range(outputs)], **attributes)
    given = [
        helper.make_tensor_value_info(name, np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, inputs, strict=True)
    ]
    asked = [helper.make_tensor_value_info(f"y{n}", TensorProto.UNDEFINED, None) for n in range(outputs)]
    graph = helper.make_graph([node], "one", given, asked)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    found = ReferenceEvaluator(model).run(
        None, dict(zip(names, map(np.ascontiguousarray, inputs), strict=True))
    )
    return found[0] if outputs == 1 else tuple(found)


def onnx_pads(padding):
    (top, bottom), (left, right) = four(padding)
    return [top, left, bottom, right]


def onnx_conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    attributes = {"strides": two(stride), "dilations": two(dilation), "group": groups}
    if isinstance(padding, str):
        attributes["auto_pad"] = {"same": "SAME_UPPER", "valid": "VALID"}[padding]
    else:
        attributes["pads"] = onnx_pads(padding)
    return onnx_run("Conv", [input, weight] + ([] if bias is None else [bias]), attributes)


def onnx_conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    attributes = {
        "strides": two(stride),
        "dilations": two(dilation),
        "group": groups,
        "pads": onnx_pads(padding),
    }
    attributes["output_padding"] = two(output_padding)
    return onnx_run("ConvTranspose", [input, weight] + ([] if bias is None else [bias]), attributes)


def onnx_max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    attributes = {"kernel_shape": two(kernel_size), "strides": two(kernel_size if stride is None else stride)}
    attributes |= {"pads": onnx_pads(padding), "dilations": two(dilation), "ceil_mode": int(ceil_mode)}
    return onnx_run("MaxPool", [input], attributes)


def onnx_avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    attributes = {"kernel_shape": two(kernel_size), "strides": two(kernel_size if stride is None else stride)}
    attributes |= {
        "pads": onnx_pads(padding),
        "ceil_mode": int(ceil_mode),
        "count_include_pad": int(count_include_pad),
    }
    return onnx_run("AveragePool", [input], attributes)


def onnx_kernels():
    for name, kernel in {
        "conv2d": onnx_conv2d,
        "conv_transpose2d": onnx_conv_transpose2d,
        "max_pool2d": onnx_max_pool2d,
        "avg_pool2d": onnx_avg_pool2d,
    }.items():
        operator = {"conv2d": "Conv", "conv_transpose2d": "ConvTranspose", "max_pool2d": "MaxPool"}.get(
            name, "AveragePool"
        )
        yield name, f"ReferenceEvaluator, {operator}", kernel, "numpy"


# -------------------------------------------------------------------------------------------------- JAX


def padded(padding):
    """Return the four sides; XLA crops by negative ones, and ends the process where a maximum does."""
    if min(two(padding)) < 0 if isinstance(padding, int) else min(map(min, four(padding))) < 0:
        raise ValueError("padding must not be negative")
    return four(padding)


def jax_conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    from jax import lax

    pads = padding.upper() if isinstance(padding, str) else padded(padding)
    y = lax.conv_general_dilated(
        input,
        weight,
        two(stride),
        pads,
        rhs_dilation=two(dilation),
        feature_group_count=groups,
        precision=lax.Precision.HIGHEST,
    )
    return y if bias is None else y + bias[:, None, None]


def jax_max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1):
    from jax import lax
    from jax import numpy as jnp

    lowest = -np.inf if jnp.issubdtype(input.dtype, jnp.floating) else jnp.iinfo(input.dtype).min
    lead = (1,) * (input.ndim - 2)
    step = two(kernel_size if stride is None else stride)
    return lax.reduce_window(
        input,
        input.dtype.type(lowest),
        lax.max,
        lead + two(kernel_size),
        lead + step,
        ((0, 0),) * len(lead) + padded(padding),
        window_dilation=lead + two(dilation),
    )


def jax_kernels():
    import jax.numpy as jnp

    yield "conv2d", "lax.conv_general_dilated", jax_conv2d, jnp.asarray
    yield "max_pool2d", "lax.reduce_window with max", jax_max_pool2d, jnp.asarray


# ------------------------------------------------------------------------------------------------ Keras


def keras_conv2d(input, weight, bias=None, stride=1, padding="valid", dilation=1):
    import keras

    y = keras.ops.conv(
        input,
        weight.transpose(2, 3, 1, 0),
        two(stride),
        padding,
        data_format="channels_first",
        dilation_rate=two(dilation),
    )
    return y if bias is None else y + bias[:, None, None]


def keras_pool(function):
    def pool(input, kernel_size, stride=None):
        return function(
            input,
            two(kernel_size),
            two(kernel_size if stride is None else stride),
            "valid",
            data_format="channels_first",
        )

    return pool


def keras_kernels():
    import jax.numpy as jnp
    import keras

    yield "conv2d", "keras.ops.conv", keras_conv2d, jnp.asarray
    yield "max_pool2d", "keras.ops.max_pool", keras_pool(keras.ops.max_pool), jnp.asarray
    yield "avg_pool2d", "keras.ops.average_pool", keras_pool(keras.ops.average_pool), jnp.asarray


# ------------------------------------------------------------------------------------ SciPy and kornia


def scipy_kernels():
    from scipy import signal

    yield "corr2d", 'signal.correlate2d(…, "valid")', lambda X, K: signal.correlate2d(X, K, "valid"), "numpy"
    yield (
        "convolve2d",
        'signal.convolve2d(…, "valid")',
        lambda X, K: signal.convolve2d(X, K, "valid"),
        "numpy",
    )
    yield (
        "corr2d",
        'signal.correlate(…, "valid", "fft")',
        lambda X, K: signal.correlate(X, K, "valid", "fft"),
        "numpy",
    )


def kornia_kernels():
    import kornia

    def corr2d(X, K):
        return kornia.filters.filter2d(X[None, None], K[None], padding="valid")[0, 0]

    yield "corr2d", 'filters.filter2d(…, padding="valid")', corr2d, "torch"


# --------------------------------------------------------------------------------------------- tinygrad


def tiny(array):
    from tinygrad import Tensor

    return Tensor(np.ascontiguousarray(array))


def tiny_conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (top, bottom), (left, right) = four(padding)
    return input.conv2d(weight, bias, groups, two(stride), two(dilation), (left, right, top, bottom)).numpy()


def tiny_max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    return input.max_pool2d(
        two(kernel_size), stride and two(stride), two(dilation), two(padding), ceil_mode
    ).numpy()


def tiny_avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return input.avg_pool2d(
        two(kernel_size), stride and two(stride), 1, two(padding), ceil_mode, count_include_pad
    ).numpy()


def tinygrad_kernels():
    yield "conv2d", "Tensor.conv2d", tiny_conv2d, tiny
    yield "max_pool2d", "Tensor.max_pool2d", tiny_max_pool2d, tiny
    yield "avg_pool2d", "Tensor.avg_pool2d", tiny_avg_pool2d, tiny


LIBRARIES = {
    "torch": torch_kernels,
    "onnx": onnx_kernels,
    "jax": jax_kernels,
    "keras": keras_kernels,
    "scipy": scipy_kernels,
    "kornia": kornia_kernels,
    "tinygrad": tinygrad_kernels,
}


def rows(library):
    """Check each kernel of a library; what cannot be imported gives none."""
    try:
        version = importlib.metadata.version(library).partition("+")[0]
        kernels = list(LIBRARIES[library]())
    except ImportError:
        return
    for operation, function, kernel, arrays in kernels:
        cases = CASES if library in ("torch", "scipy", "kornia") else min(CASES, 250)
        report = check_kernel(operation, kernel, cases=cases, arrays=arrays)
        print(library, function, report, flush=True)
        yield {
            "library": library,
            "version": version,
            "operation": operation,
            "function": function,
            "cases": report.run,
            "right": report.right,
            "wrong": report.wrong,
            "not_supported": report.not_supported,
            "not_asked": report.not_asked,
            "unsupported": list(report.unsupported),
            "causes": [cause.words for cause in report.causes],
            "smallest": report.smallest.case.call.in_words() if report.smallest else "",
            "smallest_is": report.smallest.words if report.smallest else "",
        }


def main(chosen):
    path = Path(__file__).with_suffix(".json")
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    order = list(LIBRARIES)
    for library in chosen or order:
        known = [row for row in known if row["library"] != library]
        for row in rows(library):
            known.append(row)
            known.sort(key=lambda one: order.index(one["library"]))
            path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
