"""The trainings over several seeds whose results two chapters print.

``python docs/_data/experiments.py`` trains everything again and writes ``experiments.json`` beside this file: some minutes on one core.
``--only two_kernels`` or ``--only receptive_fields`` renews one chapter. The code that trains is the chapter's own: its cells
with the tag ``experiment`` are executed here. A test repeats one training of each and compares it with what is stored.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from statistics import mean
from typing import Any

STORED = Path(__file__).with_name("experiments.json")
CHAPTERS = Path(__file__).parents[1] / "chapters"
SEEDS = range(8)
OTHER_SEEDS = (100, 101)
RATES = (0.01, 0.03, 0.1)
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n:tags: \[experiment\]\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def names(chapter: str) -> dict[str, Any]:
    """Return what the chapter's cells with the tag ``experiment`` define."""
    defined: dict[str, Any] = {"__name__": chapter}
    for cell in CELL.findall((CHAPTERS / f"{chapter}.md").read_text(encoding="utf-8")):
        exec(cell, defined)
    return defined


def tuned(run: Callable[..., Any], quality: Callable[[Any], float], **more: Any) -> dict[str, Any]:
    """Choose the rate with the best mean quality on two other seeds, then run the eight seeds with it."""
    rates = {lr: mean(quality(run(seed=seed, lr=lr, **more)) for seed in OTHER_SEEDS) for lr in RATES}
    lr = max(RATES, key=lambda rate: rates[rate])
    return {"lr": lr, "runs": [run(seed=seed, lr=lr, **more) for seed in SEEDS]}


def two_kernels() -> dict[str, Any]:
    """Train the networks of the chapter on two kernels."""
    there = names("two_kernels")
    parallel, nn = there["Parallel"], there["nn"]

    def dilated(kernels: int) -> Any:
        layer = parallel(1, {})
        for out, dilation in ((18, 1), (kernels, 5)):
            layer.branches.append(nn.Conv2d(1, out, 3, padding="same", dilation=dilation))
        return layer

    def results(make: Callable[[], Any], **more: Any) -> dict[str, Any]:
        found = tuned(partial(there["shares_right"], make), lambda shares: shares[0], **more)
        kernels = sum(branch.weight.numel() for branch in make().branches)
        return {"weights": kernels, "lr": found["lr"], "shares": found["runs"]}

    networks = {name: results(partial(parallel, 1, sizes)) for name, sizes in there["networks"].items()}
    pair = next(reversed(there["networks"].values()))
    networks["the pair, kernels not trained"] = results(partial(parallel, 1, pair), train_kernels=False)
    return {
        "networks": networks,
        "dilated": {f"18 of 3×3, {n} dilated": results(partial(dilated, n)) for n in (2, 8)},
    }


def receptive_fields() -> dict[str, Any]:
    """Train the deep and the shallow networks of the chapter on receptive fields, on two rules."""
    there = names("receptive_fields")
    found = {}
    for rule in there["rules"]:
        for name, (build, channels) in there["networks"].items():
            run = partial(there["train"], build, channels, rule=rule)
            result = tuned(run, lambda error: -error)
            found[f"{rule}: {name}"] = {"lr": result["lr"], "errors": result["runs"]}
    return found


EXPERIMENTS = {"two_kernels": two_kernels, "receptive_fields": receptive_fields}


def main() -> None:
    """Renew all results, or those of one chapter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(EXPERIMENTS), help="renew the results of this chapter alone")
    only = parser.parse_args().only
    chosen = [only] if only else list(EXPERIMENTS)
    results = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    for chapter in chosen:
        results[chapter] = EXPERIMENTS[chapter]() | {"made": f"with torch {version('torch')} by this command"}
    STORED.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
