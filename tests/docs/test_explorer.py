"""The explorer's numbers, sizes, sentences and code, set into the built page and compared with `convbook`."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
import torch

import convbook
from convbook.testing import write_vectors
from tests.docs.pages import ROOT, SITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CASES = 1100
LARGEST_OUTPUT = 64  # rows and columns that the page draws
MODES = ["zeros", "reflect", "replicate", "circular"]

READ = """states => states.map(state => {
  const element = document.querySelector("conv-explorer");
  if (state) element.setState({ filters: 1, bias: [], relu: false, ...state });
  const problem = element.querySelector(".cx-problem");
  const tables = [...element.querySelectorAll(".cx-output")];
  return {
    problem: problem.hidden ? null : problem.textContent,
    output: (element.output ?? []).map(plane => plane.map(row => row.map(String))),
    shown: tables.map(
      t => [...t.rows].map(row => [...row.cells].map(cell => cell.textContent))),
    visible: ["facts", "panel"].filter(part => element[part].offsetHeight > 0),
    size: element.querySelector(".cx-facts dd")?.textContent,
    cost: element.querySelectorAll(".cx-facts dd")[1]?.textContent,
    field: element.querySelectorAll(".cx-facts dd")[2]?.textContent,
    sum: element.querySelector(".cx-sum").textContent,
    at: element.at,
    torch: element.querySelector("code[data-library=torch]")?.textContent,
    convbook: element.querySelector("code[data-library=convbook]")?.textContent,
  };
})"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Return the explorer's page, opened from the folder, as a reader without a server would."""
    assert (SITE / "explorer.html").exists(), f"no built book in {SITE}: run `nox -s docs` first"
    opened = browser.new_context().new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto((SITE / "explorer.html").as_uri())
    opened.wait_for_selector("conv-explorer .cx-output")
    yield opened
    opened.context.close()
    assert problems == []


def random_state(rng: random.Random) -> dict[str, Any]:
    """Draw one setting of any operation, possible or not; at most one number makes no sense by itself."""
    op = rng.choice(["correlate", "convolve", "transpose", "max", "average"])
    layer = op in ("correlate", "convolve")
    channels = rng.choice([1, 1, 2, 3])

    def number() -> float:
        return rng.choice([rng.randint(-9, 9), round(rng.uniform(-3, 3), 2)])

    def planes(rows: int, columns: int, count: int = channels) -> list[list[list[float]]]:
        return [[[number() for _ in range(columns)] for _ in range(rows)] for _ in range(count)]

    filters, groups = rng.choice([1, 1, 2, 4]), rng.choice([1, channels])

    largest = rng.choice([4, 7, 9, 16])
    size, kernel = (rng.randint(2, largest), rng.randint(2, largest)), (rng.randint(1, 3), rng.randint(1, 4))
    if rng.random() < 0.05:
        size, kernel = (rng.randint(9, 16), 16), (rng.randint(1, 9), rng.randint(12, 16))
    pad = [[rng.randint(0, 2), rng.randint(0, 2)] for _ in range(2)]
    if not layer:
        pad = [[rng.randint(0, 2)] * 2 for _ in range(2)]
    state = {
        "op": op,
        "input": planes(*size),
        "kernel": planes(*kernel, channels * filters),
        "poolSize": list(kernel),
        "stride": [rng.randint(1, 3), rng.randint(1, 3)],
        "padding": pad,
        "dilation": [1, 1] if op == "average" else [rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2])],
        "outputPadding": [rng.choice([0, 0, 1]), rng.choice([0, 0, 1, 2])] if op == "transpose" else [0, 0],
        "paddingMode": [rng.choice(MODES), rng.choice(MODES)],
        "groups": groups,
        "filters": filters,
        "bias": [number() for _ in range(groups * filters)] if rng.random() < 0.3 else [],
        "relu": rng.random() < 0.3,
        "ceilMode": rng.random() < 0.4,
        "countIncludePad": rng.random() < 0.6,
    }
    if rng.random() < 0.06:
        state |= {"padding": [[0, 0], [0, 0]], "outputPadding": [0, 0]}
        wrong: dict[str, Any] = {"stride": [0, 1], "padding": [[-1, -1], [0, 0]]}
        if op != "average":
            wrong["dilation"] = [1, -1]
        if op == "transpose":
            wrong["outputPadding"] = [0, -1]
        name = rng.choice(sorted(wrong))
        state[name] = wrong[name]
    return state


def expected(
    state: dict[str, Any], x: torch.Tensor | None = None, w: torch.Tensor | None = None
) -> torch.Tensor:
    """Compute a setting with the package: shape (channels, rows, columns)."""
    x = torch.tensor(state["input"], dtype=torch.float64) if x is None else x
    w = torch.tensor(state["kernel"], dtype=torch.float64) if w is None else w
    groups, rows, columns = state["groups"], *w.shape[1:]
    # The page holds the planes filter by filter; a layer's weight is ordered by groups first.
    w = w.reshape(state.get("filters", 1), groups, -1, rows, columns)
    bias = torch.tensor(state["bias"], dtype=torch.float64) if state.get("bias") else None
    after = torch.relu if state.get("relu") else torch.Tensor.clone
    pair = {name: tuple(state[name]) for name in ("stride", "dilation", "outputPadding")}
    both = (state["padding"][0][0], state["padding"][1][0])
    if state["op"] == "transpose":
        w = w.flatten(1, 2).transpose(0, 1)
        return after(
            convbook.conv_transpose2d(
                x, w, bias, pair["stride"], both, pair["outputPadding"], groups, pair["dilation"]
            )
        )
    if state["op"] == "max":
        size = tuple(state["poolSize"])
        return convbook.max_pool2d(x, size, pair["stride"], both, pair["dilation"], state["ceilMode"])
    if state["op"] == "average":
        return convbook.avg_pool2d(
            x, tuple(state["poolSize"]), pair["stride"], both, state["ceilMode"], state["countIncludePad"]
        )
    w = w.transpose(0, 1).flatten(0, 1)
    w = w.flip(2, 3) if state["op"] == "convolve" else w
    sides = tuple(tuple(side) for side in state["padding"])
    mode = state["paddingMode"][0 if any(sides[0]) else 1]
    if two_modes(state):
        x = convbook.pad(x, (sides[0], (0, 0)), state["paddingMode"][0])
        x, sides = convbook.pad(x, ((0, 0), sides[1]), state["paddingMode"][1]), ((0, 0), (0, 0))
        mode = "zeros"
    return after(
        convbook.conv2d(x, w, bias, pair["stride"], sides, pair["dilation"], groups, padding_mode=mode)
    )


def two_modes(state: dict[str, Any]) -> bool:
    """Whether rows and columns are both padded, and differently."""
    layer = state["op"] in ("correlate", "convolve")
    return layer and all(map(any, state["padding"])) and len(set(state["paddingMode"])) == 2


def as_number(text: str) -> float:
    """Read a number that the page shows."""
    return float(text.replace("−", "-").replace("Infinity", "inf").replace("∞", "inf"))


@pytest.fixture(scope="module")
def answers(page: Page) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return random settings with what the page shows of each."""
    rng = random.Random(20241)
    states = [random_state(rng) for _ in range(CASES)]
    found: list[dict[str, Any]] = []
    for start in range(0, CASES, 50):
        found += page.evaluate(READ, states[start : start + 50])
    return list(zip(states, found, strict=True))


def test_the_settings_cover_every_operation_possible_and_impossible(answers: list[Any]) -> None:
    """At least 500 possible settings and some impossible ones; of each operation and each option many."""
    possible = [state for state, shown in answers if shown["problem"] is None]
    assert len(possible) >= 500
    assert len(answers) - len(possible) >= 40
    layers = [s for s in possible if s["op"] in ("correlate", "convolve")]
    pools = [s for s in possible if s["op"] in ("max", "average")]
    kinds = {
        **{op: [s["op"] == op for s in possible] for op in {s["op"] for s, _ in answers}},
        "sides that differ": [len({*s["padding"][0], *s["padding"][1]}) > 2 for s in layers],
        "two modes": [two_modes(s) for s in layers],
        **{
            f"{axis} by {mode}": [s["paddingMode"][a] == mode and any(s["padding"][a]) for s in layers]
            for a, axis in enumerate(("rows", "columns"))
            for mode in MODES
        },
        "groups": [s["groups"] > 1 for s in possible],
        "groups of several filters": [s["groups"] > 1 and s["filters"] > 1 for s in layers],
        "bias": [bool(s["bias"]) for s in layers],
        "ReLU": [s["relu"] for s in layers],
        "three channels in one group": [len(s["input"]) == 3 and s["groups"] == 1 for s in layers],
        "dilation": [max(s["dilation"]) > 1 for s in possible],
        "ceil_mode": [s["ceilMode"] for s in pools],
        "padding not counted": [not s["countIncludePad"] and any(s["padding"][0]) for s in pools],
        "output_padding": [max(s["outputPadding"]) > 0 for s in possible],
        "rectangular inputs": [len(s["input"][0]) != len(s["input"][0][0]) for s in possible],
        "16 rows or columns": [16 in (len(s["input"][0]), len(s["input"][0][0])) for s in possible],
    }
    assert {kind: sum(found) for kind, found in kinds.items() if sum(found) < 20} == {}
    assert any(len(s["kernel"][0][0]) == 16 for s in layers)


def test_every_output_cell_and_every_sentence_is_convbooks(answers: list[Any]) -> None:
    """Each output number equals the package's; each impossible setting is refused in the package's words."""
    for state, shown in answers:
        try:
            want = expected(state)
        except ValueError as error:
            assert shown["problem"] == f"{error}.", state
            assert (shown["shown"], shown["visible"]) == ([], []), state
            continue
        if max(want.shape) > LARGEST_OUTPUT:
            rows, columns = want.shape[1:]
            words = (
                f"output would be {rows}×{columns}; this page draws at most {LARGEST_OUTPUT}×{LARGEST_OUTPUT}"
            )
            assert shown["problem"].startswith(words)
            continue
        assert shown["problem"] is None, (state, shown["problem"])
        got = torch.tensor(
            [[[as_number(v) for v in row] for row in plane] for plane in shown["output"]], dtype=torch.float64
        )
        torch.testing.assert_close(got, want, msg=lambda text, state=state: f"{state}: {text}")
        visible = torch.tensor(
            [[[as_number(v) for v in row] for row in plane] for plane in shown["shown"]], dtype=torch.float64
        )
        torch.testing.assert_close(visible, want, rtol=6e-4, atol=1e-9)


def test_the_arithmetic_under_the_picture_ends_in_the_outputs_size(answers: list[Any]) -> None:
    """Both lines of size arithmetic end in the true size, and Python agrees with the written formula."""
    for _, shown in answers:
        if shown["problem"] is not None:
            continue
        rows, columns = len(shown["output"][0]), len(shown["output"][0][0])
        lines = re.fullmatch(r"height: (.+) = (\d+); width: (.+) = (\d+)", shown["size"])
        assert lines is not None, shown["size"]
        assert (int(lines[2]), int(lines[4])) == (rows, columns)
        ceil = "⌈" in shown["size"]
        for formula, result in ((lines[1], rows), (lines[3], columns)):
            python = (
                formula.replace("·", "*")
                .replace("−", "-")
                .replace("⌊", "(")
                .replace("⌋", ")")
                .replace("/", "//")
            )
            if ceil and "⌈" in formula:
                python = re.sub(r"⌈\((.+)\) // (\d+)⌉", r"(-(-(\1) // \2))", python)
                assert eval(python) - result in (0, 1)  # one less where the last window would start outside
            else:
                assert eval(python) == result, formula


def test_the_sum_that_is_written_out_is_the_cells_value(answers: list[Any]) -> None:
    """The terms on the page, summed by Python, give the value of the cell that is lit."""
    for state, shown in answers:
        if shown["problem"] is not None or "no copy" in shown["sum"]:
            continue
        o, i, j = shown["at"]
        terms, _, result = shown["sum"].rpartition(" = ")
        python = terms.replace("·", "*").replace("−", "-").replace("∞", "inf")
        value = eval(python, {"inf": float("inf"), "max": lambda *v: max(v)})
        exact = as_number(shown["output"][o][i][j])
        assert value == pytest.approx(exact, rel=2e-3, abs=2e-2), (state["op"], shown["sum"])
        assert as_number(result) == pytest.approx(exact, rel=6e-4)


def test_the_code_on_the_page_gives_the_pictures_numbers(answers: list[Any]) -> None:
    """Both listings run as they stand, and compute every number that the page shows."""
    for _, shown in answers[::3]:
        if shown["problem"] is not None:
            continue
        got = torch.tensor(
            [[[as_number(v) for v in row] for row in plane] for plane in shown["output"]], dtype=torch.float64
        )
        for library in ("torch", "convbook"):
            scope: dict[str, Any] = {}
            exec(shown[library], scope)
            torch.testing.assert_close(
                scope["y"], got, msg=lambda text, code=shown[library]: f"{code}\n{text}"
            )


def test_cost_and_parameters_are_those_of_the_package(answers: list[Any]) -> None:
    """Multiply–adds and parameters are `convbook.cost`'s; field and step are `convbook.receptive_field`'s."""
    for state, shown in answers:
        if shown["problem"] is None and state["op"] != "transpose":
            pooling = state["op"] in ("max", "average")
            size = state["poolSize"] if pooling else torch.tensor(state["kernel"]).shape[1:]
            layer = (tuple(size), tuple(state["stride"]), 0, tuple(state["dilation"]))
            field = convbook.receptive_field([layer])
            rows, columns = re.findall(r"(\d+) (?:row|column)s?\b", shown["field"])
            assert f"depends on {field.size[0]}×{field.size[1]} pixels" in shown["field"]
            assert (int(rows), int(columns)) == field.jump
        if shown["problem"] is not None or state["op"] not in ("correlate", "convolve"):
            continue
        x, k = state["input"], state["kernel"]
        want = convbook.cost(
            (len(x[0]), len(x[0][0])),
            (len(k[0]), len(k[0][0])),
            len(x),
            state["groups"] * state["filters"],
            tuple(state["stride"]),
            tuple(map(tuple, state["padding"])),
            tuple(state["dilation"]),
            state["groups"],
            bias=bool(state["bias"]),
        )
        assert shown["cost"] == f"{want.multiply_adds} multiply–adds, {want.parameters} parameters"


VECTORS = """([reader, text, operation, done]) => {
  const source = reader.replaceAll("export ", "");
  const { readVectors, wrong } = new Function(`${source}; return { readVectors, wrong };`)();
  const element = document.querySelector("conv-explorer");
  const cases = readVectors(text);
  const kernel = ({ X, K }) => {
    element.setState({ op: done, input: [X], kernel: [K], stride: [1, 1], dilation: [1, 1],
      padding: [[0, 0], [0, 0]], groups: 1, filters: 1, bias: [], relu: false });
    if (!element.output) throw new Error("refused");
    return element.output[0].map((row) => row.map((number) => number + 0));
  };
  return [cases.filter((one) => one.operation === operation).length, wrong(cases, operation, kernel)];
}"""


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the test vectors, as JSON."""
    folder = tmp_path_factory.mktemp("vectors")
    write_vectors(folder)
    return (folder / "vectors.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("operation", "done"), [("corr2d", "correlate"), ("convolve2d", "convolve"), ("corr2d", "convolve")]
)
def test_the_explorer_agrees_with_the_vectors(page: Page, vectors: str, operation: str, done: str) -> None:
    """The reader in JavaScript finds no wrong answer of the explorer, and many with a flipped kernel."""
    reader = (ROOT / "docs" / "_static" / "vectors" / "read_vectors.js").read_text(encoding="utf-8")
    tried, wrong = page.evaluate(VECTORS, [reader, vectors, operation, done])
    assert tried > 30
    right = (operation, done) in {("corr2d", "correlate"), ("convolve2d", "convolve")}
    assert wrong == [] if right else len(wrong) > tried / 2


GRADIENTS = """states => states.map((state) => {
  const element = document.querySelector("conv-explorer");
  element.setState(state);
  const cells = (kind) => [...element.places.entries()].filter(([place]) => place[0] === kind)
    .map(([, cell]) => cell.number);
  return { possible: Boolean(element.output), at: element.at, input: cells("g"), kernel: cells("h") };
})"""


def test_the_gradients_on_the_page_are_autograds(page: Page) -> None:
    """Of the lit output and of the sum of all, by every input number and every weight, in 300 settings."""
    rng = random.Random(5)
    states = [random_state(rng) | {"gradient": rng.choice(["lit", "sum"])} for _ in range(300)]
    for state in states:
        for plane in state["input"]:  # no two equal numbers: a maximum is one number's
            for row in plane:
                row[:] = [number + rng.uniform(0, 0.01) for number in row]
    seen = 0
    for state, found in zip(states, page.evaluate(GRADIENTS, states), strict=True):
        if not found["possible"]:
            continue
        seen += 1
        x = torch.tensor(state["input"], dtype=torch.float64, requires_grad=True)
        w = torch.tensor(state["kernel"], dtype=torch.float64, requires_grad=True)
        y = expected(state, x, w)
        o, i, j = found["at"]
        of = y[o, i, j] if state["gradient"] == "lit" else y.sum()
        wanted = torch.autograd.grad(of, (x, w), allow_unused=True, materialize_grads=True)
        pooling = state["op"] in ("max", "average")
        for name, want in list(zip(("input", "kernel"), wanted, strict=True))[: 1 if pooling else 2]:
            got = torch.tensor(found[name], dtype=torch.float64).reshape(want.shape)
            torch.testing.assert_close(got, want, msg=lambda m, s=state, n=name: f"{s} {n}: {m}")
    assert seen >= 150
    page.evaluate(GRADIENTS, [{"gradient": ""}])


def test_a_link_reproduces_the_setting(page: Page, answers: list[Any]) -> None:
    """The address of a page, opened afresh, shows the same numbers."""
    good = [(state, shown) for state, shown in answers if shown["problem"] is None][:5]
    for state, shown in good:
        page.evaluate(READ, [state])
        # The address follows at a pace that browsers allow.
        page.wait_for_function("location.hash.includes(document.querySelector('conv-explorer').fields())")
        address = page.evaluate("location.href")
        fresh = page.context.new_page()
        fresh.goto(address)
        fresh.wait_for_selector("conv-explorer .cx-output")
        [again] = fresh.evaluate(READ, [None])
        fresh.close()
        assert again["output"] == shown["output"]


def test_typing_into_a_cell_changes_the_output_and_a_word_does_not(page: Page) -> None:
    """A number typed into an input cell is used; something else is refused and the old number stays."""
    page.evaluate(
        READ,
        [
            {
                "op": "correlate",
                "input": [[[1, 2], [3, 4]]],
                "kernel": [[[10]]],
                "padding": [[0, 0], [0, 0]],
                "stride": [1, 1],
                "dilation": [1, 1],
                "groups": 1,
                "paddingMode": "zeros",
            }
        ],
    )
    cell, output = page.locator("[data-place='x0,1,0']"), page.locator("[data-place='y0,1,0']")
    cell.focus()
    page.keyboard.type("-2.5")
    assert output.inner_text() == "−25"  # before Enter
    page.keyboard.press("Enter")
    page.keyboard.type("three")
    assert output.inner_text() == "−25"
    page.keyboard.press("Tab")
    assert (cell.inner_text(), output.inner_text()) == ("−2.5", "−25")
    assert "“three” is none, and −2.5 stays" in page.locator("conv-explorer .cx-notice").inner_text()


def test_arrow_keys_walk_over_the_output_and_light_its_window(page: Page) -> None:
    """From a focused output cell the arrow keys move; the lit input cells are the new cell's window."""
    page.evaluate(
        READ,
        [
            {
                "op": "correlate",
                "input": [[[0] * 5] * 4],
                "kernel": [[[1, 1], [1, 1]]],
                "padding": [[0, 0], [0, 0]],
                "stride": [1, 1],
                "dilation": [1, 1],
                "groups": 1,
                "paddingMode": "zeros",
            }
        ],
    )
    page.locator("[data-place='y0,0,0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.place") == "y0,1,1"
    lit = page.evaluate("[...document.querySelectorAll('.cx-input .cx-used')].map(e => e.dataset.place)")
    assert sorted(lit) == ["x0,1,1", "x0,1,2", "x0,2,1", "x0,2,2"]


def test_an_impossible_setting_shows_no_old_answer(page: Page) -> None:
    """A kernel that does not fit says why; there is no output, no size and no code of the setting before."""
    good, bad = page.evaluate(
        READ,
        [
            {
                "op": "correlate",
                "input": [[[1, 2], [3, 4]]],
                "kernel": [[[1]]],
                "padding": [[0, 0], [0, 0]],
                "stride": [1, 1],
                "dilation": [1, 1],
                "groups": 1,
                "paddingMode": "zeros",
            },
            {"kernel": [[[1, 1, 1]]]},
        ],
    )
    assert good["problem"] is None
    assert (
        bad["problem"]
        == "kernel 1×3 does not fit input 2×2 with padding 0: output width would be 2 − 3 + 1 = 0."
    )
    assert good["shown"] == [[["1", "2"], ["3", "4"]]]
    assert (bad["shown"], bad["visible"]) == ([], [])
    assert page.get_by_role("button", name="Save SVG").is_disabled()


@pytest.mark.parametrize("processor", ["plain code", "graphics"])
def test_the_laboratory_filters_the_photograph_as_conv2d_does(page: Page, processor: str) -> None:
    """The canvas holds, to its 256 shades, the package's answer on the same grey picture."""
    page = page.context.new_page()
    page.goto((SITE / "explorer.html").as_uri())
    if processor == "graphics":
        # Here software imitates the graphics processor; the shader is the same.
        page.evaluate("document.querySelector('conv-image-lab').setAttribute('any-graphics', '')")
    page.locator("conv-image-lab").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('conv-image-lab').grey")
    rng = random.Random(3)
    for rows, columns, rank in ((3, 3, 3), (1, 2, 1), (15, 15, 15), (4, 7, 4), (15, 14, 2), (9, 9, 1)):
        factors = [
            ([rng.uniform(-1, 1) for _ in range(rows)], [rng.uniform(-1, 1) for _ in range(columns)])
            for _ in range(rank)
        ]
        kernel = [
            [sum(down[i] * across[j] for down, across in factors) for j in range(columns)]
            for i in range(rows)
        ]
        shown = page.evaluate(
            """async kernel => {
              const lab = document.querySelector("conv-image-lab");
              lab.setKernel(kernel);
              while (!lab.finished) await new Promise((done) => setTimeout(done, 20));
              const copy = document.createElement("canvas");
              copy.width = copy.height = 512;
              const context = copy.getContext("2d");
              context.drawImage(lab.canvas, 0, 0);
              const data = context.getImageData(0, 0, 512, 512).data;
              const shades = [...data].filter((_, i) => i % 4 === 0);
              return JSON.stringify({ scale: lab.scale, grey: [...lab.grey], shades });
            }""",
            kernel,
        )
        got = json.loads(shown)
        grey = torch.tensor(got["grey"], dtype=torch.float64).reshape(1, 1, 512, 512) / 255
        taps = torch.tensor(kernel, dtype=torch.float64)[None, None]
        sides = (((rows - 1) // 2, rows // 2), ((columns - 1) // 2, columns // 2))
        answer = convbook.conv2d(grey, taps, padding=sides, padding_mode="replicate")[0, 0]
        assert got["scale"] == pytest.approx(max(taps.clamp(min=0).sum(), (-taps).clamp(min=0).sum()))
        want = 255 * (0.5 + 0.5 * answer / got["scale"])
        shades = torch.tensor(got["shades"], dtype=torch.float64).reshape(512, 512)
        assert (shades - want).abs().max() <= 1.01
    used = page.evaluate("Boolean(document.querySelector('conv-image-lab').gl)")
    page.close()
    assert used == (processor == "graphics")


def test_what_is_said_without_a_script_is_what_the_picture_shows(page: Page) -> None:
    """Each small explorer in a chapter states its output's rows for readers without scripts."""
    chapters = [
        path
        for path in sorted((SITE / "chapters").glob("*.html"))
        if "<conv-explorer" in path.read_text(encoding="utf-8") and ".slides" not in path.name
    ]
    assert len(chapters) >= 5
    fresh = page.context.new_page()
    for path in chapters:
        text = (
            path.read_text(encoding="utf-8").partition("<conv-explorer")[2].partition("</conv-explorer>")[0]
        )
        said = re.sub(r"<[^>]+>", "", re.findall(r"<code[^>]*>(.*?)</code>", text, re.DOTALL)[-1])
        fresh.goto(path.as_uri())
        fresh.wait_for_selector("conv-explorer .cx-output")
        shown = fresh.evaluate(
            """[...document.querySelector("conv-explorer .cx-output").rows]
                 .map((row) => [...row.cells].map((cell) => cell.textContent).join(" ")).join(" / ")"""
        )
        assert shown == said, path.name
    fresh.close()


def test_the_explorer_is_small() -> None:
    """Everything that an explorer loads is under 40 kB, compressed (the photograph comes on demand)."""
    import gzip

    folder = SITE / "_static" / "explorer"
    size = sum(
        len(gzip.compress((folder / name).read_bytes(), 9)) for name in ("explorer.bundle.js", "explorer.css")
    )
    assert size < 40_000
