"""Test vectors: calls and their answers in small whole numbers, as files for programs in any language."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import convbook
from convbook.exercises._compare import plain_settings
from convbook.testing._operations import DEFAULTS, OPERATIONS, Call, Spec, built
from convbook.testing.calls import Case, cases

__all__ = ["write_vectors"]

_VERSION = 1
"""Raised when the files' form changes; the numbers may change with the version of convbook."""

_RANDOM = 24
"""Random cases of each operation, after the designed ones."""

_LARGEST = 127
"""No number of a call or an answer is larger, so that an int8 holds it."""


def write_vectors(folder: str | os.PathLike[str]) -> list[Path]:
    """Write test vectors of every operation: ``vectors.json``, ``vectors.npz`` and ``vectors.schema.json``.

    All numbers are integers of at most 127, inputs and answers alike, so that they are exact in every dtype
    that a case lists, from int8 to float64; no rounding excuses a difference.  The same version of convbook
    always writes the same bytes.

    Parameters
    ----------
    folder : str or path
        Where the files are written; made if there is none.

    Returns
    -------
    list of Path
        The files.

    See Also
    --------
    check_kernel : the check for a kernel that Python can call.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
    ...     [path.name for path in write_vectors(folder)]
    ['vectors.json', 'vectors.npz', 'vectors.schema.json']
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    with plain_settings():
        entries = list(_entries())
    head = {"format": "convbook-vectors", "version": _VERSION, "convbook": convbook.__version__}
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    opened = json.dumps(head)[:-1]
    texts = {
        "vectors.json": f'{opened}, "cases": [\n{lines}\n]}}\n'.encode(),
        "vectors.npz": _npz(head, entries),
        "vectors.schema.json": (json.dumps(_schema(), indent=1) + "\n").encode(),
    }
    for name, content in texts.items():
        (place / name).write_bytes(content)
    return [place / name for name in texts]


def _schema() -> dict[str, Any]:
    """Return the JSON schema of ``vectors.json``."""
    whole = {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST}
    tensor: dict[str, Any] = {
        "type": "object",
        "required": ["shape", "numbers"],
        "additionalProperties": False,
        "properties": {
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "numbers": {"type": "array", "items": {"type": "integer"}},
        },
    }
    two = {"type": "array", "items": {"type": ["integer", "null"]}, "minItems": 1, "maxItems": 4}
    sides = {"type": "array", "items": {**two, "minItems": 2, "maxItems": 2}, "minItems": 2, "maxItems": 2}
    value = {"anyOf": [tensor, two, sides, {"type": ["integer", "boolean", "string", "null"]}]}
    names = {"type": "object", "additionalProperties": value}
    case = {
        "type": "object",
        "required": ["id", "operation", "about", "arguments", "options"],
        "additionalProperties": False,
        "oneOf": [{"required": ["output", "dtypes"]}, {"required": ["refusal"]}],
        "properties": {
            "id": {"type": "string"},
            "operation": {"enum": list(OPERATIONS)},
            "about": {"type": "string"},
            "dtypes": {"type": "array", "items": {"type": "string"}},
            "arguments": names,
            "options": names,
            "output": {**tensor, "properties": {**tensor["properties"], "numbers": {"items": whole}}},
            "indices": tensor,
            "refusal": {"type": "string"},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "convbook-vectors",
        "type": "object",
        "required": ["format", "version", "convbook", "cases"],
        "properties": {
            "format": {"const": "convbook-vectors"},
            "version": {"const": _VERSION},
            "convbook": {"type": "string"},
            "cases": {"type": "array", "items": case},
        },
    }


# ------------------------------------------------------------------------------------------------ the cases


def _entries() -> Iterator[dict[str, Any]]:
    """Yield every case: the designed calls of each operation, random ones, and those without an answer."""
    for name in OPERATIONS:
        seen: set[str] = set()
        for spec in _specifications(name):
            case = Case(name, spec | {"dtype": "float32"})
            call = _whole_call(spec)
            if call is None:
                continue
            entry = {
                "id": f"{name}-{len(seen)}",
                "operation": name,
                "about": "; ".join(case.features) or "nothing more",
                **_asked(call),
            }
            key = json.dumps([entry["arguments"], entry["options"]])
            if key in seen:
                continue
            seen.add(key)
            yield entry | (_refused(call) if spec["spoil"] else _answered(call))


def _specifications(name: str) -> Iterator[Spec]:
    """Yield specifications that differ in more than dtype, numbers and memory."""
    plain = {"dtype": "float64", "values": "whole", "layout": "contiguous", "seed": 0}
    found: set[str] = set()
    random = 0
    for case in cases(name, 400):
        spec = {**case.spec, **plain}
        key = json.dumps(spec)
        designed = case.spec["seed"] == 0
        if random == _RANDOM:
            return
        if key in found:
            continue
        found.add(key)
        random += not designed
        yield spec


def _whole_call(spec: Spec) -> Call | None:
    """Return the call with whole numbers whose answer is whole and small too; None if none is found."""
    operation = spec["operation"]
    for seed in range(40 if operation == "lp_pool2d" else 3):
        call = built(spec | {"seed": seed})
        if spec["spoil"]:
            return call
        call = _distinct(call, seed) if "max_pool" in operation else call
        call = _sparse(call, seed) if operation == "lp_pool2d" else call
        for factor in _FACTORS if "avg" in operation or operation == "pool2d" else (1,):
            larger = call if factor == 1 else _multiplied(call, factor)
            answer = larger.answer()
            output = answer[0] if isinstance(answer, tuple) else answer
            if _is_whole(output, *larger.tensors().values()):
                return larger
    return None


_FACTORS = (1, 2, 3, 4, 6, 7, 9, 10, 12, 15, 18, 20, 30, 36)
"""What images are multiplied with, so that their averages may become whole."""


def _multiplied(call: Call, factor: int) -> Call:
    """Multiply the image, so that averages become whole."""
    name = next(iter(call.tensors()))
    return call.but(**{name: call.value(name) * factor})


def _distinct(call: Call, seed: int) -> Call:
    """Let no two pixels of a plane be equal, so that a maximum has one place."""
    image = call.value("input")
    generator = torch.Generator().manual_seed(seed)
    cells = math.prod(image.shape[-2:])
    planes = [torch.randperm(cells, generator=generator) for _ in range(math.prod(image.shape[:-2]))]
    numbers = torch.stack(planes) - cells // 2 if planes else image
    return call.but(input=numbers.reshape(image.shape).to(image.dtype))


def _sparse(call: Call, seed: int) -> Call:
    """Leave so few pixels that the root of the sum of powers is whole."""
    image = call.value("input")
    generator = torch.Generator().manual_seed(seed)
    kept = torch.rand(image.shape, generator=generator) < 0.8 / max(1, math.prod(call.two("kernel_size")))
    return call.but(input=image * kept if call.value("norm_type") > 1 else image)


def _is_whole(*tensors: Tensor) -> bool:
    return all(bool((t.isfinite() & (t == t.round()) & (t.abs() <= _LARGEST)).all()) for t in tensors)


def _asked(call: Call) -> dict[str, Any]:
    """Return a call's arguments and all its options, in one form: pairs are pairs, sides are four numbers."""
    both = {**DEFAULTS[call.operation], **call.options}
    return {
        "arguments": {name: _form(call, name, value) for name, value in call.arguments.items()},
        "options": {name: _form(call, name, value) for name, value in both.items() if name != "method"},
    }


def _form(call: Call, name: str, value: Any) -> Any:
    if isinstance(value, Tensor):
        return _numbers(value)
    if name == "padding" and call.operation in ("conv2d", "conv2d_input", "conv2d_weight"):
        return value if isinstance(value, str) else [list(pair) for pair in call.sides()]
    if name == "stride" or (name in _PAIRS and isinstance(value, int)):
        return list(call.two(name))
    if isinstance(value, (tuple, torch.Size)):
        return [list(part) if isinstance(part, tuple) else part for part in value]
    return int(value) if isinstance(value, float) else value


_PAIRS = ("kernel_size", "pool_size", "dilation", "padding", "output_padding", "output_size")


def _numbers(tensor: Tensor) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "numbers": tensor.flatten().to(torch.int64).tolist()}


def _answered(call: Call) -> dict[str, Any]:
    answer = call.answer()
    output, *places = answer if isinstance(answer, tuple) else (answer,)
    found = {"dtypes": _dtypes(call), "output": _numbers(output)}
    return found | ({"indices": _numbers(places[0])} if places else {})


def _dtypes(call: Call) -> list[str]:
    """Return the dtypes in which nothing is rounded, in whichever order it is summed."""
    absolute = call.mapped(torch.abs).answer()
    sums = absolute[0] if isinstance(absolute, tuple) else absolute
    largest = sums.abs().max().item() if sums.numel() else 0.0
    terms = OPERATIONS[call.operation].terms(call)
    if "avg" in call.operation or call.operation == "pool2d":
        largest *= max(1, terms)
    if call.operation == "lp_pool2d":
        largest = max(largest, largest ** call.value("norm_type") * max(1, terms))
    smallest = min((t.min().item() for t in call.tensors().values() if t.numel()), default=0)
    exact = {"bfloat16": 256, "float16": 2048}
    return [
        name
        for name in OPERATIONS[call.operation].choices["dtype"]
        if name != "complex64" and largest <= exact.get(name, math.inf) and (name != "uint8" or smallest >= 0)
    ]


def _refused(call: Call) -> dict[str, Any]:
    try:
        call.answer()
    except (ValueError, TypeError) as error:
        return {"refusal": str(error)}
    raise AssertionError(f"{call.in_words()} has an answer")


# ----------------------------------------------------------------------------------------------- the archive


def _npz(head: dict[str, Any], entries: list[dict[str, Any]]) -> bytes:
    """Return an .npz: each tensor as "id/name", and under "cases" the JSON without the numbers, in UTF-8."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    told = []
    for entry in entries:
        bare = {**entry, "arguments": {}, "options": {}}
        for part in ("arguments", "options"):
            for name, value in entry[part].items():
                bare[part][name] = _moved(arrays, f"{entry['id']}/{name}", value)
        for name in ("output", "indices"):
            if name in entry:
                bare[name] = _moved(arrays, f"{entry['id']}/{name}", entry[name])
        told.append(bare)
    text = json.dumps({**head, "cases": told}, separators=(",", ":"))
    arrays["cases"] = np.frombuffer(text.encode(), dtype=np.uint8)
    written = io.BytesIO()
    # Not np.savez: what it writes beside the numbers may change with Python's and NumPy's versions.
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, version=(1, 0))
            entry_of = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry_of.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry_of, member.getvalue())
    return written.getvalue()


def _moved(arrays: dict[str, np.ndarray[Any, Any]], name: str, value: Any) -> Any:
    """Move a tensor into the arrays; int8 where it holds the numbers, else int32; what is none stays."""
    if not isinstance(value, dict):
        return value
    numbers = np.array(value["numbers"], dtype=np.int64)
    small = not numbers.size or int(abs(numbers).max()) <= _LARGEST
    arrays[name] = numbers.astype(np.int8 if small else np.int32).reshape(value["shape"])
    return name
