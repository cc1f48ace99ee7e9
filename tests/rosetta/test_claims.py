"""Every "yes" and every "no" of the page that translates layers into other frameworks, by running both calls.

`nox -s rosetta` has an environment of its own for this.  The tables in docs/reference/rosetta/ hold the
claims.  The numbers are small integers, so that sums are exact in float32.
"""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path
from typing import Any

os.environ |= {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}

import cv2
import jax.numpy as jnp
import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from flax import nnx
from jax import lax
from onnx import helper
from onnx.reference import ReferenceEvaluator
from scipy import ndimage, signal
from torch import nn

TABLES = Path(__file__).parents[2] / "docs" / "reference" / "rosetta"
CLAIMS = [
    {name: text.strip("`") for name, text in row.items()} | {"table": path.stem}
    for path in sorted(TABLES.glob("*.csv"))
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
]


class Layer:
    """A claim's image, weight and bias, in torch's layout."""

    def __init__(self, call: str) -> None:
        random = np.random.default_rng(len(call))
        self.bias = "bias=False" not in call
        self.channels = 1 if "(1, 1," in call else 4
        self.x = random.integers(-4, 5, (2, self.channels, 8, 8)).astype(np.float32)
        self.x[:, :, :2] = -np.abs(self.x[:, :, :2]) - 1  # no zero of the padding may go unseen beside them
        shape = weight_shape(call, self.channels)
        self.w = random.integers(-3, 4, shape or (1, 1, 1, 1)).astype(np.float32)
        self.b = random.integers(1, 5, 6 if "(4, 6" in call or "D(6" in call else shape[0] if shape else 1)
        self.b = self.b.astype(np.float32)


def weight_shape(call: str, channels: int) -> tuple[int, ...]:
    """Return the shape of the weight in torch's layout, nothing for a pooling."""
    if call.startswith("keras"):
        made = eval(call, {"keras": keras})
        made.build((None, 8, 8, channels))
        return tuple(made.kernel.shape[axis] for axis in (3, 2, 0, 1))
    made = eval(call, {"nn": nn})
    return tuple(made.weight.shape) if hasattr(made, "weight") else ()


def run(framework: str, written: str, weight: str, given: Layer) -> list[np.ndarray[Any, Any]]:
    """Run a call; return (batch, channels, rows, columns), once for each runtime of the framework."""
    w = eval(weight or "w", {"w": given.w})
    last = np.ascontiguousarray(given.x.transpose(0, 2, 3, 1))
    if framework == "PyTorch":
        return [of_torch(eval(written, {"nn": nn, "math": math}), w, given)]
    if framework == "Keras":
        return [of_keras(eval(written, {"keras": keras}), w, given.b, last)]
    if framework == "JAX lax":
        y = eval(written, {"lax": lax, "jnp": jnp, "x": jnp.asarray(given.x), "w": jnp.asarray(w)})
        return [np.asarray(y) + (given.b[:, None, None] if weight and given.bias else 0)]  # lax has no bias
    if framework == "Flax nnx":
        made = eval(written, {"nnx": nnx, "x": jnp.asarray(last), "rngs": nnx.Rngs(0)})
        if isinstance(made, nnx.Module):
            made.kernel.value = jnp.asarray(w).reshape(made.kernel.value.shape)
            if made.bias is not None and made.bias.value is not None:
                made.bias.value = jnp.asarray(given.b)
            made = made(jnp.asarray(last))
        return [np.asarray(made).transpose(0, 3, 1, 2)]
    if framework == "ONNX":
        return of_onnx(eval(written, {"helper": helper}), {"x": given.x, "w": w, "b": given.b})
    planes = {"cv2": cv2, "signal": signal, "ndimage": ndimage, "w": w}
    return [np.stack([eval(written, planes | {"x": image[0]})[None] for image in given.x])]


def of_torch(layer: nn.Module, w: np.ndarray[Any, Any], given: Layer) -> np.ndarray[Any, Any]:
    for module in layer.modules():
        if hasattr(module, "weight"):
            module.weight.data = torch.from_numpy(np.ascontiguousarray(w))
            if module.bias is not None:
                module.bias.data = torch.from_numpy(given.b)
    with torch.no_grad():
        return layer(torch.from_numpy(given.x)).numpy()


def of_keras(layer: Any, w: Any, b: Any, x: Any) -> np.ndarray[Any, Any]:
    layer(x)
    for part in getattr(layer, "layers", [layer]):
        if hasattr(part, "kernel"):
            part.set_weights([w, b] if part.use_bias else [w])
    return np.asarray(layer(x)).transpose(0, 3, 1, 2)


def of_onnx(node: Any, values: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
    """By the reference and by onnxruntime."""
    kind = onnx.TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info(name, kind, values[name].shape) for name in node.input]
    output = helper.make_tensor_value_info("y", kind, None)
    graph = helper.make_graph([node], "layer", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    fed = {name: values[name] for name in node.input}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = [session.run(None, fed)[0]]
    if node.op_type == "ConvTranspose" and any(attribute.name == "group" for attribute in node.attribute):
        with pytest.raises(ValueError, match="cannot reshape"):  # as the page says
            ReferenceEvaluator(model).run(None, fed)
        return found
    return [*found, ReferenceEvaluator(model).run(None, fed)[0]]


RUN = [claim for claim in CLAIMS if claim["same"] != "not run"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("claim", RUN, ids=lambda c: f"{c['table']} {c['call']} {c['framework']} {c['same']}")
def test_a_claim(claim: dict[str, str]) -> None:
    """The two calls give the same numbers, or they do not, as the page says."""
    given = Layer(claim["call"])
    keras_first = claim["call"].startswith("keras")
    first = (
        ("Keras", claim["call"], "w.transpose(2, 3, 1, 0)")
        if keras_first
        else ("PyTorch", claim["call"], "w")
    )
    (wanted,) = run(*first, given)
    for found in run(claim["framework"], claim["written"], claim["weight"], given):
        alike = found.shape == wanted.shape and np.allclose(found, wanted, rtol=1e-5, atol=1e-5)
        assert alike == (claim["same"] == "yes"), (found.shape, wanted.shape)


def test_each_table_holds_claims_of_both_kinds() -> None:
    """A table that were not found, or held one kind alone, would prove little."""
    for table in ("convolution", "padding", "pooling", "transposed"):
        kinds = {claim["same"] for claim in RUN if claim["table"] == table}
        assert kinds == {"yes", "no"}, table
    assert {claim["framework"] for claim in RUN} == {
        *("PyTorch", "Keras", "JAX lax", "Flax nnx", "ONNX", "OpenCV", "SciPy"),
    }
