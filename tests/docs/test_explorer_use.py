"""The explorer in the hand: keys, touch, stepping, links, exports, narrow screens, the laboratory."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
import torch

import convbook
from tests.docs.pages import SITE
from tests.docs.test_explorer import expected, random_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

EXPLORER = (SITE / "explorer.html").as_uri()
SMALL = {
    "op": "correlate",
    "input": [[[1, 2, 3], [4, 5, 6]]],
    "kernel": [[[10, 0]]],
    "stride": [1, 1],
    "padding": [[0, 0], [0, 0]],
    "dilation": [1, 1],
    "groups": 1,
    "paddingMode": "zeros",
}
SET = "state => document.querySelector('conv-explorer').setState(state)"
OUTPUT = "[...document.querySelectorAll('.cx-output .cx-cell')].map((cell) => Number(cell.dataset.value))"
FOCUS = "document.activeElement.dataset.place ?? document.activeElement.dataset.control"


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the explorer's page; no page may throw."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(address: str = "", state: dict[str, Any] | None = None, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(EXPLORER + address)
        page.wait_for_selector("conv-explorer .cx-output")
        if state:
            page.evaluate(SET, state)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="module")
def page(opened: Callable[..., Page]) -> Page:
    """Return one page for the tests that leave it as they found it, or set what they need."""
    return opened()


def sum_of(page: Page) -> str:
    """Read the sentence under the picture."""
    return page.locator("conv-explorer .cx-sum").inner_text()


# ------------------------------------------------------------------------------------------------------ keys


def test_a_cell_takes_fractions_and_the_tab_key_goes_on_from_it(page: Page) -> None:
    """1/4 is a number; the Tab key leaves a table for the next one although the picture was drawn anew."""
    page.evaluate(SET, SMALL)
    page.locator("[data-place='x0,0,1']").focus()
    page.keyboard.type("1/4")
    page.keyboard.press("Tab")
    assert page.evaluate(OUTPUT) == [10, 2.5, 40, 50]
    assert page.evaluate(FOCUS) == "k0,0,0"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS).startswith("y0,")


def test_a_control_keeps_the_tab_keys_order_when_it_changes_the_picture(page: Page) -> None:
    """After a size was typed, the Tab key goes to the next control."""
    page.evaluate(SET, SMALL)
    rows = page.locator("[data-control='rows']")
    rows.fill("4")
    rows.press("Tab")
    assert page.evaluate(FOCUS) == "columns"
    assert page.locator(".cx-input tr").count() == 4


def test_each_table_is_one_stop_of_the_tab_key(page: Page) -> None:
    """However many cells a table has, one is in the Tab order, and the arrow keys reach the others."""
    page.evaluate(SET, SMALL)
    stops = page.evaluate(
        "[...document.querySelectorAll('conv-explorer table')].map("
        "(t) => [...t.querySelectorAll('.cx-cell')].filter((c) => c.tabIndex === 0).length)"
    )
    assert stops == [1, 1, 1]
    page.locator("[data-place='x0,0,0']").focus()
    for key, place in (("ArrowRight", "x0,0,1"), ("ArrowDown", "x0,1,1"), ("ArrowLeft", "x0,1,0")):
        page.keyboard.press(key)
        assert page.evaluate(FOCUS) == place


# ------------------------------------------------------------------------------------------------ pointing


def test_an_input_cell_says_which_outputs_use_it_and_how_often(page: Page) -> None:
    """The outputs that light up, and the count of uses, are those of an impulse under a kernel of ones."""
    rng = random.Random(7)
    seen = {"often": 0, "never": 0}
    for _ in range(60):
        state = random_state(rng)
        if state["op"] in ("max", "average"):
            continue
        c = rng.randrange(len(state["input"]))
        r, q = rng.randrange(len(state["input"][0])), rng.randrange(len(state["input"][0][0]))
        impulse = torch.zeros_like(torch.tensor(state["input"]))
        impulse[c, r, q] = 1
        ones = torch.ones_like(torch.tensor(state["kernel"], dtype=torch.float64))
        try:
            uses = expected(state | {"input": impulse.tolist(), "kernel": ones.tolist()})
        except ValueError:
            continue
        if max(uses.shape) > 64:
            continue
        page.evaluate(SET, state)
        page.evaluate(f"document.querySelector('conv-explorer').showReach({c}, {r}, {q})")
        lit = page.evaluate(
            """[...document.querySelectorAll(".cx-output .cx-reached")]
                 .map((cell) => cell.dataset.place.slice(1).split(",").map(Number))"""
        )
        assert sorted(lit) == uses.nonzero().tolist()
        words = sum_of(page)
        if not lit:
            seen["never"] += 1
            assert words.endswith("is used by no output cell.")
            continue
        assert f"is used by {len(lit)} output cell" in words
        if uses.sum() > len(lit):
            seen["often"] += 1
            assert f", {int(uses.sum())} times in all" in words
        else:
            assert "times in all" not in words
    assert min(seen.values()) > 0


def test_a_maximum_says_where_a_number_wins(page: Page) -> None:
    """Pointing at an input of a max pooling: how many windows see it, and in how many it is the largest."""
    state = {**SMALL, "op": "max", "poolSize": [2, 2], "input": [[[5, 1, 0], [2, 3, 9]]]}
    page.evaluate(SET, state)
    page.locator("[data-place='tx0,1,1']").hover()
    assert sum_of(page) == "Input row 1, column 1 is seen by 2 output cells; it is the largest in none."
    page.locator("[data-place='tx0,1,2']").hover()
    assert sum_of(page) == "Input row 1, column 2 is seen by 1 output cell; it is the largest in it."


def test_a_finger_lights_a_window(opened: Callable[..., Page]) -> None:
    """A tap on an output cell writes out its sum; a tap on an input cell says what it reaches."""
    page = opened(state=SMALL, has_touch=True, viewport={"width": 390, "height": 800})
    page.locator("[data-place='y0,1,1']").tap()
    assert sum_of(page) == "5·10 + 6·0 = 50"
    page.locator("[data-place='x0,1,1']").tap()
    assert "is used by 2 output cells" in sum_of(page)


def centre(page: Page, place: str) -> tuple[float, float]:
    """Return where the middle of a cell is on the screen."""
    box = page.locator(f"[data-place='{place}']").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def dragged(page: Page, start: tuple[float, float], *stops: tuple[float, float]) -> None:
    """Put a finger down, move it straight to each of the stops, and lift it."""
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
        page.wait_for_timeout(16)

    touch("touchStart", start)
    for stop in stops:
        for part in range(1, 9):
            touch("touchMove", tuple(a + (b - a) * part / 8 for a, b in zip(start, stop, strict=True)))
        start = stop
    touch("touchEnd")
    page.wait_for_timeout(100)


def lit(page: Page) -> str | None:
    """Name the output cell whose sum is written out."""
    return page.locator("conv-explorer .cx-here").get_attribute("data-place")


def test_a_dragged_finger_takes_the_window_along(opened: Callable[..., Page]) -> None:
    """A finger lights the cells it crosses, sideways first; upwards it moves the page, and a wide table."""
    phone = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 700}}
    page = opened(**phone)
    page.evaluate(SET, {**SMALL, "input": [[[r * 7 + c for c in range(7)] for r in range(5)]]})
    page.locator(".cx-output").scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    dragged(page, centre(page, "y0,1,1"), centre(page, "y0,1,4"))
    assert lit(page) == "y0,1,4"
    assert sum_of(page).endswith("= 110")
    dragged(page, centre(page, "y0,1,1"), centre(page, "y0,1,3"), centre(page, "y0,3,3"))
    assert lit(page) == "y0,3,3"
    assert abs(page.evaluate("scrollY") - place) < 5
    x, y = centre(page, "y0,3,3")
    dragged(page, (x, y), (x, y - 150))
    assert page.evaluate("scrollY") > place + 80

    page.evaluate(SET, {**SMALL, "input": [[[r * 16 + c for c in range(16)] for r in range(5)]]})
    page.locator(".cx-output").scroll_into_view_if_needed()
    x, y = centre(page, "y0,1,6")
    dragged(page, (x, y), (x - 150, y))
    assert page.locator(".cx-scroll:has(.cx-output)").evaluate("box => box.scrollLeft") > 80


def test_dilation_leaves_gaps_that_are_seen(page: Page) -> None:
    """Between the cells of a dilated window the skipped ones are marked, and not as terms."""
    page.evaluate(SET, {**SMALL, "input": [[[1, 2, 3, 4]]], "kernel": [[[1, 1]]], "dilation": [1, 2]})
    page.locator("[data-place='y0,0,1']").hover()
    for name, places in (
        ("cx-used", ["tx0,0,1", "tx0,0,3"]),
        ("cx-window", ["tx0,0,1", "tx0,0,2", "tx0,0,3"]),
    ):
        lit = page.evaluate(
            f"[...document.querySelectorAll('.cx-input .{name}')].map((e) => e.dataset.place)"
        )
        assert lit == places


# ------------------------------------------------------------------------------------------------ stepping


def test_playing_goes_through_all_cells_and_stops(opened: Callable[..., Page]) -> None:
    """Play lights cell after cell up to the last; pointing at a cell takes over."""
    page = opened(state={**SMALL, "input": [[[1, 2, 3, 4]]]})
    page.locator("[data-place='y0,0,0']").hover()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.cx-where').textContent === 'row 0, column 2'")
    page.wait_for_function("document.querySelector('.cx-play').textContent === 'Play'")
    assert page.locator(".cx-steps input").input_value() == "2"
    page.get_by_role("button", name="Play").click()
    page.locator("[data-place='y0,0,1']").hover()
    assert page.locator(".cx-play").inner_text() == "Play"


def test_without_motion_it_steps(opened: Callable[..., Page]) -> None:
    """Where motion is unwelcome, each press goes one cell on and nothing moves by itself."""
    page = opened(state=SMALL, reduced_motion="reduce")
    before = page.locator(".cx-steps input").input_value()
    page.get_by_role("button", name="Step").click()
    for wait in (0, 900):
        page.wait_for_timeout(wait)
        assert int(page.locator(".cx-steps input").input_value()) == int(before) + 1


# ------------------------------------------------------------------------------------------------- presets


def test_every_named_kernel_can_be_taken(page: Page) -> None:
    """All kernels of `convbook.KERNELS` are offered, and each gives its own numbers."""
    page.evaluate(SET, {**SMALL, "input": [[[0] * 7] * 6]})
    offered = page.locator("[data-control='kernel preset'] option").evaluate_all(
        "options => options.map((o) => o.value).filter(Boolean)"
    )
    assert offered == list(convbook.KERNELS)
    taken = page.locator("[data-control='kernel preset']").evaluate(
        """(select) => [...select.options].map((option) => option.value).filter(Boolean).map((name) => {
             select.value = name;
             select.dispatchEvent(new Event("change"));
             return document.querySelector("conv-explorer").state.kernel[0];
           })"""
    )
    for kernel, got in zip(convbook.KERNELS.values(), taken, strict=True):
        torch.testing.assert_close(torch.tensor(got), kernel, check_dtype=False)


def test_every_input_can_be_filled_in(page: Page) -> None:
    """Each preset of an input fills the image, the two with a size in their name in that size."""
    page.evaluate(SET, {**SMALL, "input": [[[0.5] * 5] * 4]})
    names = page.locator("[data-control='fill'] option").evaluate_all(
        "o => o.map((e) => e.value).filter(Boolean)"
    )
    assert len(names) >= 7
    found = []
    for name in names:
        page.evaluate(SET, {**SMALL, "input": [[[0.5] * 5] * 4]})
        page.locator("[data-control='fill']").select_option(name)
        plane = page.evaluate("document.querySelector('conv-explorer').state.input[0]")
        size = re.search(r"(\d+)×(\d+)", name)
        assert (len(plane), len(plane[0])) == ((int(size[1]), int(size[2])) if size else (4, 5))
        found.append(plane)
    assert found[names.index("edge image 6×8")] == [[1, 1, 0, 0, 0, 0, 1, 1]] * 6
    assert all(a != b for k, a in enumerate(found) for b in found[:k])


# --------------------------------------------------------------------------------------- links and exports


def test_a_link_holds_the_cell_the_modes_and_the_laboratory(opened: Callable[..., Page]) -> None:
    """What is lit, a mode for each axis, an impossible number and the laboratory's kernel come back."""
    page = opened()
    page.locator("[data-control='padding top']").fill("2")
    page.locator("[data-control='mode rows']").select_option("reflect")
    page.locator("[data-control='mode columns']").select_option("circular")
    page.locator("[data-place='y0,2,3']").hover()
    page.locator("#cx-lab-kind").select_option("derivative")
    page.locator("#cx-lab-view").select_option("absolute")
    page.wait_for_timeout(600)
    again = opened(page.url.removeprefix(EXPLORER))
    read = """() => {
      const [explorer, lab] = ["conv-explorer", "conv-image-lab"].map((name) => document.querySelector(name));
      return [explorer.state, explorer.at, lab.kernel, lab.view, lab.querySelector("#cx-lab-kind").value];
    }"""
    assert again.evaluate(read) == page.evaluate(read)
    assert again.evaluate(read)[1] == [0, 2, 3]
    page.locator("[data-control='stride rows']").fill("0")
    page.locator("[data-control='stride rows']").press("Enter")
    page.wait_for_timeout(600)
    broken = opened(page.url.removeprefix(EXPLORER))
    assert "stride must be at least 1" in broken.locator(".cx-problem").inner_text()


def test_an_address_that_says_nothing_shows_the_first_picture(opened: Callable[..., Page]) -> None:
    """A broken or a foreign address breaks nothing, and stays until something is changed."""
    addresses = [
        "#x=%",
        "#lab=constructor",
        "#things-to-try",
        "#op=correlate&x=",
        "#op=no&x=1",
        "#op=correlate&x=1,2;3&k=1",
        "#op=correlate&x=1&s=1e9,1",
        f"#op=correlate&x={','.join('1' * 17)}",
        "#lab=gaussian,900,0",
    ]
    for k, address in enumerate(addresses):
        if k < 3:
            page = opened(address)
        else:
            page.goto(EXPLORER + address)  # the address of an open page changes
        assert page.evaluate("document.querySelector('conv-explorer').output[0][0]") == [0, 1, 0, 0, 0, -1, 0]
        assert page.evaluate("document.querySelector('conv-image-lab').source") == "sobel_vertical"
        assert page.url == EXPLORER + address


def test_the_small_explorers_lead_to_the_large_one(browser: Browser) -> None:
    """The link under a chapter's picture opens the same numbers with all settings."""
    page = browser.new_page()
    page.goto((SITE / "chapters" / "padding_stride.html").as_uri())
    page.evaluate(SET, {"dilation": [1, 2]})
    before = page.evaluate(OUTPUT)
    page.get_by_role("link", name="Open this with all settings").click()
    page.wait_for_url("**/explorer.html#*")
    page.wait_for_selector("conv-explorer .cx-output")
    assert page.evaluate(OUTPUT) == before
    page.close()


def test_what_is_copied_is_the_code_and_the_link(opened: Callable[..., Page]) -> None:
    """The buttons put the listing, and the address with everything in it, on the clipboard."""
    page = opened(state=SMALL)
    page.evaluate(
        """Object.defineProperty(navigator, "clipboard", { value: {
             writeText: async (text) => { window.copied = text; } } })"""
    )
    page.locator(".cx-facts").get_by_role("button", name="Copy").first.click()
    assert page.evaluate("copied") == page.locator("code[data-library=torch]").text_content()
    page.locator("conv-explorer").get_by_role("button", name="Copy link").click()
    assert "x=1,2,3;4,5,6" in page.evaluate("copied")


def test_the_saved_picture_holds_every_number(opened: Callable[..., Page]) -> None:
    """The SVG is sound and shows all numbers and the sum; the PNG is twice its size."""
    page = opened(state={**SMALL, "input": [[[1, 2, 3], [4, 5, 6]], [[0.125, -7, 8], [1, 1, 1]]]})
    files = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as waiting:
            page.locator("conv-explorer").get_by_role("button", name=f"Save {kind}").click()
        files[kind] = Path(waiting.value.path()).read_bytes()
    picture = ElementTree.fromstring(files["SVG"])
    texts = [text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    shown = page.evaluate(
        """[...document.querySelectorAll("conv-explorer td")]
             .map((cell) => cell.querySelector("input")?.value ?? cell.textContent)"""
    )
    assert sorted(t for t in texts if re.fullmatch(r"−?[\d.]+", t)) == sorted(shown)
    assert (page.locator("conv-explorer .cx-sum").text_content() or "?") in " ".join(texts)
    width, height = struct.unpack(">II", files["PNG"][16:24])
    assert (width, height) == (2 * int(picture.attrib["width"]), 2 * int(picture.attrib["height"]))


# ------------------------------------------------------------------------------------------------- screens


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_number_is_cut_on_any_screen(opened: Callable[..., Page], width: int) -> None:
    """Nothing is wider than the screen, and every number has room in its cell, for every operation."""
    page = opened(viewport={"width": width, "height": 800})
    rng = random.Random(width)
    for op in ("correlate", "convolve", "transpose", "max", "average"):
        plane = [[round(rng.uniform(-999, 999), 2) for _ in range(16)] for _ in range(5)]
        page.evaluate(
            SET, {"op": op, "input": [plane], "kernel": [[[0.12345, -1 / 3], [2, 1]]], "poolSize": [2, 2]}
        )
        cut = page.evaluate(
            """[...document.querySelectorAll("conv-explorer td")].filter((cell) => {
                 const inner = cell.querySelector("input, button") ?? cell;
                 return inner.scrollWidth > inner.clientWidth || inner.scrollHeight > inner.clientHeight + 1;
               }).map((cell) => cell.dataset.place)"""
        )
        assert cut == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_a_script_the_page_still_explains(browser: Browser) -> None:
    """Where scripts are off, both elements say in words what they would show."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(EXPLORER)
    for element, words in (("conv-explorer", "1·1 + 0·(−1) = 1"), ("conv-image-lab", "needs JavaScript")):
        text = page.locator(element)
        assert text.is_visible()
        assert words in text.inner_text()
    context.close()


# ------------------------------------------------------------------------------------------- the laboratory


@pytest.fixture(scope="module")
def laboratory(opened: Callable[..., Page]) -> Page:
    """Return a page whose photograph has been filtered once, without a graphics processor."""
    page = opened()
    page.locator("conv-image-lab").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('conv-image-lab').finished")
    return page


def test_pictures_go_on_coming_while_a_slider_moves(laboratory: Page) -> None:
    """A kernel that changes in every frame starves nobody: whole pictures are shown, the last one last."""
    shown, last, same = laboratory.evaluate(
        """async () => {
          const lab = document.querySelector("conv-image-lab");
          const angle = lab.querySelector("#cx-lab-angle");
          lab.querySelector("#cx-lab-kind").value = "derivative";
          lab.querySelector("#cx-lab-sigma").value = 3;
          let shown = 0;
          const put = lab.put;
          lab.put = (...all) => { shown++; put.apply(lab, all); };
          for (let k = 0; k < 60; k++) {
            angle.disabled = false;
            angle.value = k;
            angle.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(requestAnimationFrame);
          }
          const during = shown;
          while (!lab.finished) await new Promise((done) => setTimeout(done, 20));
          delete lab.put;
          // A change that comes while a picture is in work is not lost.
          const source = lab.source;
          lab.setKernel(lab.kernel.map((row) => [...row]));
          for (let k = 0; k < 300 && !lab.work; k++) await new Promise(requestAnimationFrame);
          lab.kernel = [[-1]];
          lab.draw();
          while (!lab.finished) await new Promise((done) => setTimeout(done, 20));
          const pixels = () => lab.canvas.getContext("2d").getImageData(0, 0, 512, 512).data.join();
          const before = pixels();
          lab.request();
          while (!lab.finished) await new Promise((done) => setTimeout(done, 20));
          return [during, source, before === pixels()];
        }"""
    )
    assert shown >= 5
    assert last == "derivative,3,59"
    assert same


def test_a_large_kernel_costs_what_its_size_costs_whatever_it_holds(laboratory: Page) -> None:
    """225 numbers cost at most a few times what nine cost, since they are filtered by transforms."""
    times = laboratory.evaluate(
        """async () => {
          const lab = document.querySelector("conv-image-lab");
          const found = {};
          for (const side of [3, 5, 15]) {
            const times = [];
            for (let turn = 0; turn < 6; turn++) {
              const tap = (i, j) => Math.sin(i * i + 3 * j * j * i + j + turn);
              const places = [...Array(side).keys()];
              lab.kernel = places.map((i) => places.map((j) => tap(i, j)));
              lab.request();
              while (!lab.finished) await new Promise((done) => setTimeout(done, 5));
              times.push(lab.spent);
            }
            found[side] = Math.min(...times);
          }
          return found;
        }"""
    )
    print({f"{side}×{side}": f"{time:.0f} ms" for side, time in times.items()})
    assert times["15"] < 1.8 * times["5"]
    assert times["15"] < 12 * times["3"]


def test_the_laboratory_shows_the_picture_before_and_saves_what_it_shows(laboratory: Page) -> None:
    """ "The picture before it" is the grey photograph itself, to the last shade; Save PNG gives a picture."""
    lab = laboratory.locator("conv-image-lab")
    laboratory.locator("#cx-lab-view").select_option("picture")
    laboratory.wait_for_function("document.querySelector('conv-image-lab').finished")
    same = lab.evaluate(
        """lab => lab.canvas.getContext("2d").getImageData(0, 0, 512, 512).data
             .filter((_, i) => i % 4 === 0).every((shade, i) => shade === lab.grey[i])"""
    )
    assert same
    with laboratory.expect_download() as waiting:
        lab.get_by_role("button", name="Save PNG").click()
    assert Path(waiting.value.path()).read_bytes()[:4] == b"\x89PNG"
    laboratory.locator("#cx-lab-view").select_option("signed")


def test_the_laboratorys_kernel_is_typed_with_keys_alone(laboratory: Page) -> None:
    """One stop of the Tab key, arrows inside, fractions allowed; a word is refused and the number stays."""
    laboratory.locator("#cx-lab-preset").select_option("box")
    assert laboratory.locator(".cx-lab-kernel [tabindex='0']").count() == 1
    laboratory.locator(".cx-lab-kernel .cx-cell").first.focus()
    laboratory.keyboard.press("ArrowRight")
    laboratory.keyboard.press("ArrowDown")
    laboratory.keyboard.type("−3/4")
    laboratory.keyboard.press("Enter")
    kernel = laboratory.evaluate("document.querySelector('conv-image-lab').kernel")
    assert kernel[1][1] == -0.75
    laboratory.keyboard.press("Control+a")
    laboratory.keyboard.type("word")
    laboratory.keyboard.press("Enter")
    assert laboratory.evaluate("document.querySelector('conv-image-lab').kernel") == kernel
