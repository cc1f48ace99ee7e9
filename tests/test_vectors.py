"""The test vectors: the same bytes each time, exact in every dtype they list, read in plain Python."""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch

import convbook
from convbook.testing import features, write_vectors
from convbook.testing._operations import OPERATIONS
from convbook.testing.vectors import _schema

READER = Path(__file__).parents[1] / "docs" / "_static" / "vectors" / "read_vectors.py"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files by name."""
    return {path.name: path.read_bytes() for path in write_vectors(tmp_path_factory.mktemp("vectors"))}


@pytest.fixture(scope="module")
def entries(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """The cases as JSON has them."""
    found: list[dict[str, Any]] = json.loads(files["vectors.json"])["cases"]
    return found


def as_tensors(values: dict[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    """Arguments or options for convbook: tensors in a dtype, pairs as tuples."""

    def one(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            kind = torch.int64 if name == "indices" else dtype
            return torch.tensor(value["numbers"], dtype=kind).reshape(value["shape"])
        if isinstance(value, list):
            return tuple(tuple(part) if isinstance(part, list) else part for part in value)
        return float(value) if name == "norm_type" else value

    return {name: one(name, value) for name, value in values.items()}


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_numbers_are_exact_in_the_dtypes_that_a_case_lists(
    entries: list[dict[str, Any]], every: bool
) -> None:
    """Convbook gives the numbers of the files, with nothing rounded, and refuses what has no answer.

    Each case is run in one of its dtypes, in turn; `pytest -m slow tests/test_vectors.py` runs all.
    """
    asked = set()
    for number, entry in enumerate(entries):
        function = getattr(convbook, entry["operation"])
        names = entry.get("dtypes", ["float32"])
        for name in names if every else [names[number % len(names)]]:
            dtype = getattr(torch, name)
            arguments, options = (as_tensors(entry[part], dtype) for part in ("arguments", "options"))
            if "refusal" in entry:
                with pytest.raises((ValueError, TypeError)):
                    function(*arguments.values(), **options)
                continue
            got = function(*arguments.values(), **options)
            output, *places = got if isinstance(got, tuple) else (got,)
            assert output.dtype == dtype
            assert list(output.shape) == entry["output"]["shape"]
            numbers = output.double().round() if entry["operation"] == "lp_pool2d" else output.double()
            assert numbers.flatten().tolist() == entry["output"]["numbers"], entry["id"]
            assert [place.flatten().tolist() for place in places] == (
                [entry["indices"]["numbers"]] if "indices" in entry else []
            )
            asked.add(name)
    assert asked >= {"float16", "bfloat16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64"}


def test_every_operation_side_mode_and_refusal_is_there(entries: list[dict[str, Any]]) -> None:
    """What a case can ask, but for dtypes, memory and numbers that integers cannot show, is asked."""
    numbers = {"numbers of different size", "NaN and infinity", "large integers", "integers that overflow"}
    others = {*numbers, "another order of memory", *OPERATIONS["conv2d"].choices["dtype"]}
    for name, operation in OPERATIONS.items():
        mine = [entry for entry in entries if entry["operation"] == name]
        asked = {word for entry in mine for word in entry["about"].split("; ")}
        assert set(features(name)) - others <= asked, name
        assert {f"refusal: {spoil}" for spoil in operation.spoils} <= asked, name
        assert len({entry["id"] for entry in mine}) == len(mine) >= 12


def test_the_files_are_reproducible_small_and_valid(files: dict[str, bytes], tmp_path: Path) -> None:
    """Written again they are the same bytes; all three are under 5 MB; the JSON satisfies its schema."""
    assert {path.name: path.read_bytes() for path in write_vectors(tmp_path / "again")} == files
    assert sum(map(len, files.values())) <= 5_000_000
    assert json.loads(files["vectors.schema.json"]) == _schema()
    jsonschema.validate(json.loads(files["vectors.json"]), _schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(files["vectors.json"]), "version": 2, "cases": []}, _schema())


def test_the_archive_holds_the_same(files: dict[str, bytes], entries: list[dict[str, Any]]) -> None:
    """Each tensor is a member; the JSON in the archive names it."""
    archive = np.load(io.BytesIO(files["vectors.npz"]))
    told = json.loads(archive["cases"].tobytes())["cases"]
    assert [entry["id"] for entry in told] == [entry["id"] for entry in entries]
    for entry, bare in list(zip(entries, told, strict=True))[::50]:
        for name, value in {**entry["arguments"], **entry["options"], "output": entry.get("output")}.items():
            if isinstance(value, dict):
                array = archive[f"{entry['id']}/{name}"]
                assert array.dtype == np.int8
                assert {"shape": list(array.shape), "numbers": array.flatten().tolist()} == value
        assert "output" not in bare or bare["output"] == f"{entry['id']}/output"


@pytest.mark.skipif(not READER.exists(), reason="a source distribution holds no pages")
def test_the_reader_in_plain_python(files: dict[str, bytes], tmp_path: Path) -> None:
    """It makes nested lists, and finds the cases that a kernel of lists gets wrong."""
    spec = importlib.util.spec_from_file_location("read_vectors", READER)
    assert spec is not None
    assert spec.loader is not None
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    (tmp_path / "vectors.json").write_bytes(files["vectors.json"])
    cases = reader.read_vectors(tmp_path / "vectors.json")

    def corr2d(X: list[list[int]], K: list[list[int]], reach: int = 1) -> list[list[int]]:
        rows, columns = len(X) - len(K) + 1, len(X[0]) - len(K[0]) + reach
        if rows < 1 or columns < 1:
            raise ValueError("the kernel does not fit")
        taps = [(a, b) for a in range(len(K)) for b in range(len(K[0]))]
        return [
            [sum(X[i + a][j + b] * K[a][b] for a, b in taps) for j in range(columns)] for i in range(rows)
        ]

    count = sum(case["operation"] == "corr2d" for case in cases)
    assert list(reader.wrong(cases, "corr2d", corr2d)) == []
    assert len(list(reader.wrong(cases, "corr2d", lambda X, K: corr2d(X, K, 0)))) > count // 2
    (tmp_path / "vectors.json").write_text('{"format": "another", "version": 1}')
    with pytest.raises(ValueError, match="convbook-vectors"):
        reader.read_vectors(tmp_path / "vectors.json")
