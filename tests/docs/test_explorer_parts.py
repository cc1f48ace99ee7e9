"""The explorer in one dimension, with two settings side by side, and with its channels in depth."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from tests.docs.pages import SITE, VIEWS, axe_faults, link_of
from tests.docs.test_explorer import as_number, expected, random_state
from tests.docs.test_explorer_use import EXPLORER, PASTE, SET, SMALL, STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

EDGES = [[1, 1, 0, 0, 0, 0, 1, 1]] * 6
THREE = {
    **SMALL,
    "input": [[[(i * j + c * i) % 5 - 2 for j in range(7)] for i in range(6)] for c in range(3)],
    "kernel": [[[1, 0, -1], [1, 1, 0], [2, 0, 1]]] * 6,
    "filters": 2,
    "padding": [[1, 1], [1, 1]],
}
PARTS = {
    "one dimension": {**SMALL, "line": True, "input": [[[1, 2, 0, -1, 3]]], "kernel": [[[1, 0, -1]]]},
    "two settings": {**SMALL, "other": "op=correlate&x=1,2;3,4&k=1,1"},
    "depth": {**THREE, "volume": True},
}


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Return the explorer's page; it may not throw."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(error.stack or str(error)))
    opened.goto(EXPLORER)
    opened.wait_for_selector("conv-explorer .cx-output")
    yield opened
    opened.context.close()
    assert problems == []


def afresh(page: Page, state: dict[str, Any]) -> None:
    """Set a whole setting, with nothing left of the one before."""
    usual = {"line": False, "volume": False, "other": "", "gradient": "", "ceilMode": False}
    page.evaluate(SET, {**SMALL, "outputPadding": [0, 0], "poolSize": [2, 2], **usual, **state})


def layer_of(code: str) -> nn.Module | None:
    """Build the layer that a listing names in its last line, with the weights of the listing."""
    found = re.search(r"^# The same as a layer: (nn\.\w+\(.*\))$", code, re.MULTILINE)
    if found is None:
        return None
    scope: dict[str, Any] = {}
    exec(code, scope)
    layer = eval(found[1], {"nn": nn}).double()
    if "w" in scope:
        layer.weight.data = scope["w"]
        if layer.bias is not None:
            layer.bias.data = eval(
                re.search(r"bias=(torch\.tensor\(\[.*?\], dtype=torch\.float64\))", code)[1]
            )
    return layer


# ------------------------------------------------------------------------------------------- one dimension

LINE = """states => states.map((state) => {
  const element = document.querySelector("conv-explorer");
  element.setState({ filters: 1, bias: [], relu: false, ...state, line: true });
  return { state: element.state, output: element.output, lit: element.at,
    code: element.querySelector("[data-library=torch]").textContent,
    size: element.querySelector(".cx-facts dd").textContent,
    sums: [...element.querySelectorAll(".cx-sums li")].map((row) => row.textContent) };
})"""


def test_one_dimension_is_torchs_conv1d(page: Page) -> None:
    """In 120 settings: numbers, all sums, length and listing are those of the layers of one dimension."""
    rng = random.Random(11)
    kinds: dict[str, int] = {}
    layers = 0
    for found in page.evaluate(LINE, [random_state(rng) for _ in range(120)]):
        state = found["state"]
        if found["output"] is None:
            continue
        want = expected(state)[:, 0]
        kinds[state["op"]] = kinds.get(state["op"], 0) + 1
        got = torch.tensor(
            [[float(v or 0) for v in plane[0]] for plane in found["output"]], dtype=torch.float64
        )
        torch.testing.assert_close(got, want)
        scope: dict[str, Any] = {}
        assert re.search(r"F\.(conv1d|conv_transpose1d|max_pool1d|avg_pool1d)\(", found["code"])
        exec(found["code"], scope)
        torch.testing.assert_close(scope["y"], want)
        layer = layer_of(found["code"])
        if layer is not None:
            layers += 1
            after = torch.relu if state["relu"] and "Pool" not in str(layer) else torch.Tensor.clone
            torch.testing.assert_close(after(layer(scope["x"][None])[0]), want)
        assert re.fullmatch(rf"length: .+ = {want.shape[1]}", found["size"])
        sums = [as_number(text.rpartition(" ")[2]) for text in found["sums"]]
        torch.testing.assert_close(
            torch.tensor(sums, dtype=torch.float64), want[found["lit"][0]], rtol=6e-4, atol=1e-9
        )
    assert min(kinds.values()) >= 5
    assert len(kinds) == 5
    assert layers >= 25
    afresh(page, {})


def test_the_switch_to_one_row_and_back_loses_no_number(page: Page) -> None:
    """Rows, and the settings of their axis, come back; the address holds it; controls of rows are gone."""
    afresh(
        page, {"input": [EDGES], "kernel": [[[1, 2], [3, 4]]], "stride": [2, 1], "padding": [[1, 0], [0, 1]]}
    )
    before = page.evaluate(STATE)
    page.get_by_label("1-D").check()
    assert page.evaluate(STATE)["input"] == [EDGES[:1]]
    assert page.evaluate(STATE)["stride"] == [1, 1]
    assert "dim=1" in page.evaluate("document.querySelector('conv-explorer').fields()")
    for gone in ("rows", "kernel rows", "stride rows", "padding top", "mode rows"):
        assert page.locator(f"[data-control='{gone}']").count() == 0
    page.get_by_label("1-D").uncheck()
    assert page.evaluate(STATE) == before


def test_the_kernel_stands_below_its_window(page: Page) -> None:
    """In one dimension each tap is drawn under the input cell that it is multiplied by, also with gaps."""
    for change in ({}, {"dilation": [1, 2]}, {"stride": [1, 2], "padding": [[0, 0], [1, 1]]}):
        afresh(
            page, {"line": True, "input": [[[1, 2, 0, -1, 3, 5, 8]]], "kernel": [[[1, 0, -12.25]]], **change}
        )
        page.locator("[data-place='y0,0,1']").focus()
        page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        lefts = page.evaluate(
            """() => ["input", "kernel"].map((part) => [...document.querySelectorAll(`.cx-${part} .cx-used`)]
                 .map((cell) => Math.round(cell.getBoundingClientRect().left)))"""
        )
        assert len(lefts[0]) == 3
        assert lefts[0] == lefts[1]
    assert page.locator(".cx-sums [aria-current]").inner_text().startswith("y[1]: 2·1")
    page.evaluate(SET, {"kernel": [[[1] * 12]]})
    assert page.locator(".cx-problem").is_visible()
    assert page.locator(".cx-sums").is_hidden()


def test_layers_of_one_dimension_are_taken_from_code(page: Page) -> None:
    """Pasted code of a 1-D layer turns the switch, and gives the length that torch gives."""
    for text in (
        "nn.Conv1d(2, 3, 3, stride=2, padding=1, dilation=2)",
        "nn.ConvTranspose1d(1, 2, 4, stride=3, padding=1, output_padding=2)",
        "nn.MaxPool1d(3, stride=2, padding=1, ceil_mode=True)",
        "nn.AvgPool1d(2)",
    ):
        afresh(page, {"input": [[[1] * 9] * 8]})
        page.locator("[data-place='x0,0,0']").focus()
        page.evaluate(PASTE, text)
        layer = eval(text, {"nn": nn})
        want = layer(torch.ones(1, getattr(layer, "in_channels", 1), 9)).shape[1:]
        assert page.evaluate(STATE)["line"] is True
        assert page.evaluate(
            "(o => [o.length, o[0][0].length])(document.querySelector('conv-explorer').output)"
        ) == list(want)
        page.evaluate(PASTE, "nn.Conv2d(1, 1, 1)")
        assert page.evaluate(STATE)["line"] is False


def test_each_listing_names_its_layer(page: Page) -> None:
    """In two dimensions: what stands in the last line is a layer that gives the picture's numbers."""
    rng = random.Random(12)
    seen = 0
    for state in [random_state(rng) for _ in range(80)]:
        afresh(page, state)
        if page.evaluate("document.querySelector('conv-explorer').output") is None:
            continue
        code = page.locator("[data-library=torch]").text_content() or ""
        layer = layer_of(code)
        if layer is None:
            continue
        seen += 1
        scope: dict[str, Any] = {}
        exec(code, scope)
        got = layer(scope["x"][None])[0]
        if state["relu"] and state["op"] not in ("max", "average"):
            got = got.relu()
        torch.testing.assert_close(got, expected(state))
    assert seen >= 12


# --------------------------------------------------------------------------------------- two settings

COMPARED = """() => {
  const panel = document.querySelector(".cx-compare");
  const cells = (kind) => [...panel.querySelectorAll(`[data-place^="${kind}"]`)];
  return {
    hidden: panel.hidden, verdict: panel.querySelector(".cx-verdict")?.textContent,
    sum: panel.querySelector(".cx-sum")?.textContent,
    A: cells("A").map((cell) => cell.number), B: cells("B").map((cell) => cell.number),
    marked: cells("B").map((cell) => cell.hasAttribute("data-differs")),
    rows: Object.fromEntries([...panel.querySelectorAll(".cx-settings-table tbody tr")]
      .map((row) => [...row.cells].map((cell) => cell.textContent)).map(([name, ...texts]) => [name, texts])),
  };
}"""


def test_two_settings_stand_side_by_side(page: Page) -> None:
    """Random pairs: both outputs are the package's, and what differs is marked and counted."""
    rng = random.Random(13)
    kinds = {"same size": 0, "other size": 0}
    while min(kinds.values()) < 8:
        first = random_state(rng)
        second = {**first, **rng.choice([
            {"kernel": [[[v + rng.choice([0, 1]) for v in row] for row in p] for p in first["kernel"]]},
            {"stride": [rng.randint(1, 2), 1]}, {"relu": True}, {"countIncludePad": False},
        ])}  # fmt: skip
        try:
            wanted = [expected(first), expected(second)]
        except ValueError:
            continue
        if max(max(w.shape) for w in wanted) > 16:
            continue
        afresh(page, first)
        page.get_by_role("button", name="Compare").click()
        page.evaluate(SET, second)
        found = page.evaluate(COMPARED)
        for name, want in zip("AB", wanted, strict=True):
            got = torch.tensor([float(v or 0) for v in found[name]], dtype=torch.float64)
            torch.testing.assert_close(got, want.flatten())
        assert found["rows"]["output"][:2] == ["×".join(map(str, w.shape[w.shape[0] == 1 :])) for w in wanted]
        if wanted[0].shape != wanted[1].shape:
            kinds["other size"] += 1
            assert "differ in size" in found["verdict"]
            assert not any(found["marked"])
        else:
            kinds["same size"] += 1
            shown = [page.locator(f".cx-compare [data-place^='{k}']").all_text_contents() for k in "AB"]
            differ = [a != b for a, b in zip(*shown, strict=True)]
            assert found["marked"] == differ
            count = sum(differ)
            assert found["verdict"].startswith(f"{count} of " if count else "All ")


def test_a_comparison_is_in_the_address_and_leaves_with_one_click(browser: Browser) -> None:
    """The link opens both; exchange turns them round; undo, a broken A, an impossible B, the end."""
    page = browser.new_context().new_page()
    page.goto(EXPLORER)
    page.get_by_role("button", name="Compare").click()
    stride = page.locator("[data-control='stride columns']")
    stride.fill("2")
    page.locator("[data-place='y0,1,2']").hover()
    found = page.evaluate(COMPARED)
    assert found["rows"]["stride"] == ["1×1", "1×2", "≠"]
    assert found["rows"]["output"] == ["6×7", "6×4", "≠"]
    assert found["sum"] == "The same cell of A: 0·1 + 0·(−1) = 0"
    again = page.context.new_page()
    again.goto(link_of(page))
    again.wait_for_selector("conv-explorer .cx-output")
    assert again.evaluate(COMPARED) == found
    again.get_by_role("button", name="Exchange A and B").click()
    assert again.evaluate(COMPARED)["rows"]["stride"] == ["1×2", "1×1", "≠"]
    assert again.evaluate(STATE)["stride"] == [1, 1]
    again.keyboard.press("Control+z")
    assert again.evaluate(COMPARED) == found
    again.close()
    page.locator("[data-control='kernel columns']").fill("9")
    found = page.evaluate(COMPARED)
    assert found["verdict"] == "One of the two has no output."
    assert len(found["A"]) == 42
    assert found["B"] == []
    page.locator(".cx-compare").get_by_role("button", name="End the comparison").click()
    assert page.evaluate(COMPARED)["hidden"]
    assert page.evaluate(STATE)["other"] == ""
    for broken in ("%25", "op%3Dcorrelate%26x%3D1%2C2%3B3", "<b>", "op%3Dcorrelate%26x%3D1%26a%3Dop"):
        page.goto(f"{EXPLORER}#op=correlate&x=1,2&k=1&a={broken}")
        page.wait_for_function("document.querySelector('conv-explorer').output[0][0].length === 2")
        assert "<b>" not in page.evaluate(STATE)["other"]
    page.context.close()


def test_the_arrow_keys_walk_over_both(page: Page) -> None:
    """A table of the comparison is one stop of the Tab key, and its cells light the picture's."""
    afresh(page, {"input": [EDGES], "other": "op=correlate&x=1,2,3;4,5,6&k=1"})
    page.locator("[data-place='A0,0,0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.place") == "A0,1,1"
    assert page.locator(".cx-part-y .cx-here").get_attribute("data-place") == "y0,1,1"
    page.keyboard.type("7")  # nothing here can be typed into
    assert page.evaluate(STATE)["input"] == [EDGES]
    afresh(page, {})


# ----------------------------------------------------------------------------------------- the depth

DEPTH = """([state, at]) => {
  const element = document.querySelector("conv-explorer");
  element.setState({ filters: 1, bias: [], relu: false, ...state, volume: true });
  if (!element.output) return null;
  const [o, i, j] = at;
  const [n, m] = [element.output[0].length, element.output[0][0].length];
  element.show([o % element.output.length, i % n, j % m]);
  const stacks = [...element.querySelectorAll(".cx-stacks > div")];
  return {
    at: element.at, text: element.querySelector(".cx-volume-sum").textContent,
    sheets: stacks.map((stack) => stack.querySelectorAll("g").length),
    names: stacks.map((stack) => stack.querySelector("small").textContent),
    lit: stacks.map((stack) => [...stack.querySelectorAll(".cx-lit")]
      .map((path) => (path.getAttribute("d") ?? "").split("M").length - 1)),
    nodes: element.querySelectorAll(".cx-depth *").length,
  };
}"""


def test_what_each_channel_adds_is_torchs(page: Page) -> None:
    """100 settings: the sums of the channels one by one, the sheets, and the cells that are lit in each."""
    rng = random.Random(14)
    seen = 0
    for _ in range(100):
        state = random_state(rng)
        found = page.evaluate(DEPTH, [state, [rng.randrange(12) for _ in range(3)]])
        if found is None:
            continue
        o, i, j = found["at"]
        channels = len(state["input"])
        pooling = state["op"] in ("max", "average")
        want = expected(state)
        assert found["sheets"] == [channels, *([] if pooling else [channels] * state["filters"]), len(want)]
        assert found["names"][-1] == "×".join(map(str, want.shape))
        assert found["nodes"] < 700
        assert sum(found["lit"][-1]) == found["lit"][-1][o] == 1
        if pooling:
            assert found["text"] == ""
            continue
        seen += 1
        shown = {
            int(c): as_number(v) for c, v in re.findall(r"channel (\d): (−?[\d.e+-]+|−?∞)", found["text"])
        }
        bare = {**state, "bias": [], "relu": False}
        x = torch.tensor(state["input"], dtype=torch.float64)
        for c in range(channels):
            alone = torch.zeros_like(x)
            alone[c] = x[c]
            part = expected(bare, alone)[o, i, j].item()
            assert shown.get(c, 0) == pytest.approx(part, rel=6e-4, abs=1e-9), (state, found["text"])
        assert as_number(found["text"].rpartition(" = ")[2]) == pytest.approx(
            want[o, i, j].item(), rel=6e-4, abs=1e-9
        )
        # In one channel as many kernel cells are lit as input cells are read.
        assert sum(map(sum, found["lit"][1:-1])) <= channels * len(state["kernel"][0]) * len(
            state["kernel"][0][0]
        )
    assert seen >= 30
    afresh(page, {})


def test_the_sheets_follow_the_pointer_and_the_keys(page: Page) -> None:
    """A cell of an output sheet that is pointed at is lit, and so is the one that an arrow key reaches."""
    afresh(page, {})
    page.get_by_label("in depth").check()
    afresh(page, {**THREE, "volume": True})
    page.locator("[data-place='y1,2,3']").focus()
    lit = "[...document.querySelectorAll('.cx-depth .cx-lit')].map((path) => path.getAttribute('d') ?? '')"
    before = page.evaluate(lit)
    page.keyboard.press("ArrowRight")
    after = page.evaluate(lit)
    assert before != after
    box = page.evaluate(
        """() => {
          const path = document.querySelectorAll(".cx-depth svg")[3].querySelectorAll(".cx-lit")[1];
          const { left, top, width, height } = path.getBoundingClientRect();
          return [left + width / 2, top + height / 2];
        }"""
    )
    page.locator("[data-place='y0,0,0']").focus()
    page.mouse.move(*box)
    assert page.evaluate("document.querySelector('conv-explorer').at") == [1, 2, 4]
    assert page.evaluate(lit) == after
    assert "vol=1" in page.evaluate("document.querySelector('conv-explorer').fields()")
    page.get_by_label("in depth").uncheck()
    assert page.locator(".cx-depth").is_hidden()
    afresh(page, {})


# ------------------------------------------------------------------------------------------- all three


@pytest.mark.parametrize("part", PARTS)
def test_axe_finds_no_fault_in_a_part(browser: Browser, axe: str, part: str) -> None:
    """In light and dark, on a laptop and on a phone; and nothing is wider than the screen."""
    for name in ("light", "phone"):
        page = browser.new_context(reduced_motion="reduce", **VIEWS[name]).new_page()
        page.goto((SITE / "explorer.html").as_uri())
        page.wait_for_selector("conv-explorer .cx-output")
        afresh(page, PARTS[part])
        assert page.evaluate("document.documentElement.scrollWidth") <= VIEWS[name]["viewport"]["width"]
        assert axe_faults(page, axe, "conv-explorer") == [], name
        page.emulate_media(color_scheme="dark")
        assert axe_faults(page, axe, "conv-explorer", colors_only=True) == [], f"{name}, dark"
        page.context.close()


def test_on_a_phone_two_settings_stand_one_below_the_other(browser: Browser) -> None:
    """Beside each other on a laptop, below each other where there is no room."""
    places = "[...document.querySelectorAll('.cx-card')].map((card) => card.getBoundingClientRect().top)"
    for name, beside in (("light", True), ("phone", False)):
        page = browser.new_context(**VIEWS[name]).new_page()
        page.goto((SITE / "explorer.html").as_uri())
        page.wait_for_selector("conv-explorer .cx-output")
        page.evaluate(SET, PARTS["two settings"])
        tops = page.evaluate(places)
        assert (tops[0] == tops[1]) == beside
        page.context.close()
