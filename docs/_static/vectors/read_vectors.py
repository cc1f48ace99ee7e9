"""Read convbook's test vectors in plain Python, and run a kernel on them: lists of numbers, no package."""

import json


def read_vectors(path):
    """Return the cases; each tensor becomes nested lists, everything else stays as JSON has it."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    if (found["format"], found["version"]) != ("convbook-vectors", 1):
        raise ValueError(f"{path} is not in version 1 of the format convbook-vectors")
    for case in found["cases"]:
        for part in (case["arguments"], case["options"], case):
            for name, value in part.items():
                if isinstance(value, dict) and set(value) == {"shape", "numbers"}:
                    part[name] = nested(value["shape"], value["numbers"])
    return found["cases"]


def nested(shape, numbers):
    """Fold a flat list into nested lists, the last axis innermost."""
    if len(shape) == 1:
        return list(numbers)
    step = len(numbers) // shape[0] if shape[0] else 0
    return [nested(shape[1:], numbers[i * step : (i + 1) * step]) for i in range(shape[0])]


def wrong(cases, operation, kernel):
    """Yield the identifiers of the cases that a kernel gets wrong, called as kernel(**arguments, **options)."""
    for case in cases:
        if case["operation"] == operation:
            try:
                output = kernel(**case["arguments"], **case["options"])
            except Exception:
                output = None
            expected = [case["output"], case["indices"]] if "indices" in case else case.get("output")
            if output != expected:
                yield case["id"]
