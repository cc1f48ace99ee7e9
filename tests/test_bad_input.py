"""Whatever arrives for an argument of a public function is taken, or refused by an error that names it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import ones

import convbook as cb
from convbook import edges, images, kernels
from tests.test_package import public_functions

x, w, X = ones(1, 2, 6, 7), ones(4, 2, 3, 3), ones(6, 7)
grad = ones(1, 4, 4, 5)
step: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1}
made: dict[str, Any] = {"dtype": torch.float32, "device": "cpu"}

# A good call of each function, every argument named.
GOOD: dict[Any, dict[str, Any]] = {
    cb.corr2d: {"X": X, "K": ones(2, 3)},
    cb.convolve2d: {"X": X, "K": ones(2, 3)},
    cb.corr2d_multi_in: {"X": x[0], "K": ones(2, 2, 3)},
    cb.corr2d_multi_in_out: {"X": x[0], "K": w},
    cb.conv2d: {
        "input": x,
        "weight": w,
        "bias": None,
        **step,
        "groups": 1,
        "padding_mode": "zeros",
        "method": "auto",
    },
    cb.explain_plan: {"input": x, "weight": w, "bias": None, **step, "groups": 1, "padding_mode": "zeros"},
    cb.conv_transpose2d: {
        "input": x,
        "weight": ones(2, 4, 3, 3),
        "bias": None,
        **step,
        "output_padding": 0,
        "groups": 1,
        "output_size": (8, 9),
    },
    cb.conv2d_input: {"input_size": (1, 2, 6, 7), "weight": w, "grad_output": grad, **step, "groups": 1},
    cb.conv2d_weight: {"input": x, "weight_size": (4, 2, 3, 3), "grad_output": grad, **step, "groups": 1},
    cb.conv_matrix: {"weight": w, "input_size": (6, 7), **step, "groups": 1},
    cb.matrix_structure: {"weight_size": (4, 2, 3, 3), "input_size": (6, 7), **step, "groups": 1},
    cb.dense_by_offset: {"W": ones(3, 4, 3, 4)},
    cb.nearest_kernel: {"W": ones(3, 4, 3, 4), "kernel_size": 3, "padding": 1},
    cb.unfold: {"input": x, "kernel_size": 2, **step},
    cb.fold: {"input": ones(1, 8, 12), "output_size": (4, 5), "kernel_size": 2, **step},
    cb.pad: {"input": X, "padding": 1, "mode": "zeros", "value": 0},
    cb.pool2d: {"X": X, "pool_size": 2, "mode": "max"},
    cb.max_pool2d: {"input": x, "kernel_size": 2, **step, "ceil_mode": False, "return_indices": False},
    cb.avg_pool2d: {
        "input": x,
        "kernel_size": 2,
        "stride": 2,
        "padding": 0,
        "ceil_mode": False,
        "count_include_pad": True,
        "divisor_override": 3,
    },
    cb.max_unpool2d: {
        "input": x,
        "indices": torch.arange(84).view(x.shape) % 42,
        "kernel_size": 2,
        "stride": 2,
        "padding": 0,
        "output_size": (12, 14),
    },
    cb.lp_pool2d: {"input": x, "norm_type": 2.0, "kernel_size": 2, "stride": 2, "ceil_mode": False},
    cb.adaptive_avg_pool2d: {"input": x, "output_size": 2},
    cb.adaptive_max_pool2d: {"input": x, "output_size": 2, "return_indices": False},
    cb.global_avg_pool2d: {"input": x},
    cb.output_size: {"input_size": (6, 7), "kernel_size": 3, **step, "ceil_mode": False},
    cb.transposed_output_size: {"input_size": (6, 7), "kernel_size": 3, **step, "output_padding": 0},
    cb.same_padding: {"kernel_size": 3, "dilation": 1, "stride": 1, "input_size": (6, 7)},
    cb.effective_kernel_size: {"kernel_size": 3, "dilation": 1},
    cb.layers_until: {"input_size": (6, 7), "kernel_size": 3, **step, "target": 1},
    cb.pixel_uses: {"input_size": (6, 7), "kernel_size": 3, **step},
    cb.cost: {
        "input_size": (6, 7),
        "kernel_size": 3,
        "in_channels": 2,
        "out_channels": 4,
        **step,
        "groups": 1,
        "bias": True,
        "batch": 1,
        "itemsize": 4,
    },
    cb.detect_edges: {"X": X, "kernel": "vertical", "padding": 0, "padding_mode": "zeros", "method": "auto"},
    cb.image_gradient: {
        "X": X,
        "operator": "sobel",
        "per_pixel": False,
        "padding": 0,
        "padding_mode": "zeros",
    },
    cb.magnitude: {"rows": X, "columns": X},
    cb.orientation: {"rows": X, "columns": X},
    edges.zero_crossings: {"Y": X, "threshold": 0.0},
    kernels.kernel: {"name": "box_3x3", **made} if "box_3x3" in cb.KERNELS else {"name": "vertical", **made},
    kernels.box: {"size": 3, **made},
    kernels.gaussian: {"size": 5, "sigma": 1.0, **made},
    kernels.laplacian_of_gaussian: {"size": 5, "sigma": 1.4, **made},
    images.bars: {"size": 9, "period": 8.0, "angle": 0.0, **made},
    images.checkerboard: {"size": (6, 8), "cell": 1, **made},
    images.diagonal_edge: {"size": 8, "anti": False, **made},
    images.digit: {"which": 5, **made},
    images.disc: {"size": 9, "radius": 3.0, **made},
    images.half_plane: {"size": 9, "angle": 0.0, **made},
    images.impulse: {"size": (7, 9), "at": (1, 2), **made},
    images.noise: {"size": (6, 8), "std": 1.0, "generator": torch.Generator(), **made},
    images.ramp: {"size": (6, 8), "slope": (0, 1), **made},
    cb.photograph: {"size": (20, 20), "rows": (0, 50), "columns": (0, 50), **made},
    cb.edge_image: made,
    cb.learn_kernel: {
        "X": X,
        "Y": ones(5, 5),
        "kernel_size": (2, 3),
        "lr": 0.01,
        "steps": 3,
        "bias": False,
        "weight": ones(2, 3),
        "generator": torch.Generator(),
        "reduction": "sum",
        "momentum": 0.0,
        "batch_size": 4,
    },
    cb.learning_theory: {"X": X, "kernel_size": 2, "bias": False, "reduction": "sum", "momentum": 0.0},
    cb.least_squares_kernel: {"X": X, "Y": ones(5, 5), "kernel_size": (2, 3), "bias": False},
}

BAD: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        10**30,
        2.0,
        2.5,
        math.nan,
        math.inf,
        1j,
        np.int64(-3),
        np.float64(2),
        object(),
        len,
    ),
    *("3", "Sobel", "float32", [], (), (1, 2, 3), (1, 1, 1, 1), (1, "a"), [[1]], ((1, 2), 3), {}),
    *(np.ones(1, np.float32), np.array(["zeros"]), torch.int64),
    *(torch.tensor(2), torch.tensor(2.0), ones(3), ones(1, 1, 1, 1, 1), ones(0, 3), ones(0, 0, 0, 0)),
    *(x.to_sparse(), x.bool(), x.to(torch.float8_e4m3fn), ones(6, 7).to(torch.uint16), x.to("meta")),
]

# Words that stand for an argument in a message where its name would say less.
ALSO = {
    **dict.fromkeys(("kernel_size", "pool_size"), ("kernel", "pooling window")),
    **dict.fromkeys(("weight_size", "input_size"), ("kernel", "input", "weight", "grad_output")),
    **dict.fromkeys(("input", "weight", "stride"), ("kernel", "grad_output", "one device", "one column")),
    "padding": ("one column", "the matrix"),
    "K": ("kernel",),
    "X": ("kernel",),
    "kernel": ("one dtype",),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", GOOD, ids=lambda function: function.__name__)
def test_an_argument_is_taken_or_refused_by_name(function: Any) -> None:
    """A bad value gives a ValueError or TypeError that names the argument, never an error of torch's."""
    good = GOOD[function]
    function(**good)
    quantized = torch.quantize_per_tensor(x, 0.5, 0, torch.qint8)
    for name in good:
        for bad in [*BAD, quantized]:
            try:
                function(**{**good, name: bad})
            except (ValueError, TypeError) as error:
                words = (name, *ALSO.get(name, ()))
                assert any(word in str(error) for word in words), f"{name}={bad!r}: {error}"
            except NotImplementedError as error:
                assert "method" in str(error)
            except Exception as error:
                raise AssertionError(f"{name}={bad!r} gave {type(error).__name__}: {error}") from error


ELSEWHERE = ("drawing", "exercises", "algorithms", "testing", "pieces", "tiled", "distributed", "compress")
"""Modules whose arguments are figures, functions, layers or files, with tests of their own."""


def test_no_public_function_is_forgotten() -> None:
    """Each one of the other modules is called above, but for those that take a layer, a model or a name."""
    names = {name: name.rpartition(".")[2] for name in public_functions()}
    others = {short for name, short in names.items() if name.split(".")[1] not in ELSEWHERE}
    called = {function.__name__ for function in GOOD}
    assert others - called <= {"comp_conv2d", "receptive_field", "about", "sliding_windows"}
