"""What answers are held against, as plain lists and numbers: written at the build, read in a page."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from convbook.exercises._verdict import FORMS, Case, Sheet


def plain_sheets() -> dict[str, Any]:
    """Return the sheet of every checker that compares numbers, by the checker's name, fit for a JSON file.

    Left out are the checkers that need layers, gradients or properties: of a layer, of a training loop and of
    an edge kernel.
    """
    from convbook import exercises
    from convbook.exercises._compare import Inquiry, plain_settings

    written = {}
    for name in exercises.__all__:
        if not name.startswith("check_") or name in ("check_conv2d_layer", "check_edge_kernel"):
            continue
        inquiry = Inquiry()
        with plain_settings():
            getattr(exercises, name)(inquiry)
            assert inquiry.sheet is not None
            if inquiry.sheet.form.__name__ in FORMS:
                written[name] = _written(inquiry.sheet)
    return written


def _written(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet as dictionaries, lists and numbers."""
    return {
        "name": sheet.name,
        "form": sheet.form.__name__,
        "cases": [[case.about, _plain(case.arguments), _plain(case.options)] for case in sheet.cases],
        "expected": [_plain(value) for value in sheet.expected],
        "mistakes": [[hint, [_plain(value) for value in values]] for hint, values in sheet.mistakes()],
    }


def read_sheet(written: dict[str, Any]) -> Sheet:
    """Return the sheet that `_written` wrote."""

    def mistakes() -> list[tuple[str, list[Tensor | None]]]:
        return [(hint, [_read(value) for value in values]) for hint, values in written["mistakes"]]

    return Sheet(
        written["name"],
        [Case(about, _read(arguments), _read(options)) for about, arguments, options in written["cases"]],
        [_read(value) for value in written["expected"]],
        mistakes,
        FORMS[written["form"]],
    )


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: a tensor and a tuple become dictionaries of one entry."""
    if isinstance(value, Tensor):
        numbers = value.flatten().tolist()
        short = [int(n) if isinstance(n, float) and n.is_integer() else n for n in numbers]
        return {str(value.dtype): [list(value.shape), short]}
    if isinstance(value, tuple):
        return {"tuple": [_plain(part) for part in value]}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {"names": {name: _plain(part) for name, part in value.items()}}
    return value


def _read(plain: Any) -> Any:
    """Return the value that `_plain` wrote."""
    if isinstance(plain, list):
        return [_read(part) for part in plain]
    if not isinstance(plain, dict):
        return plain
    [(kind, parts)] = plain.items()
    if kind == "tuple":
        return tuple(_read(part) for part in parts)
    if kind == "names":
        return {name: _read(part) for name, part in parts.items()}
    shape, numbers = parts
    dtype = getattr(torch, kind.removeprefix("torch."))
    return torch.tensor(numbers, dtype=dtype).reshape(shape)
