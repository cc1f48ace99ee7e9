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
from tests.docs.pages import SITE, link_of
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
    "filters": 1,
    "bias": [],
    "relu": False,
    "paddingMode": "zeros",
}
SET = "state => document.querySelector('conv-explorer').setState(state)"
OUTPUT = "document.querySelector('conv-explorer').output.flat(2)"
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
        page.on("pageerror", lambda error: problems.append(error.stack or str(error)))
        page.goto(EXPLORER + address)
        page.wait_for_selector("conv-explorer .cx-input")
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
        "(t) => [...t.querySelectorAll('td')].filter((c) => c.tabIndex === 0).length)"
    )
    assert stops == [1, 1, 1]
    page.locator("[data-place='x0,0,0']").focus()
    for key, place in (("ArrowRight", "x0,0,1"), ("ArrowDown", "x0,1,1"), ("ArrowLeft", "x0,1,0")):
        page.keyboard.press(key)
        assert page.evaluate(FOCUS) == place


def test_a_question_mark_shows_the_keys(opened: Callable[..., Page]) -> None:
    """Anywhere but in a text; Escape closes it, and the picture is as it was."""
    page = opened(state=SMALL)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    assert "Ctrl+Shift+Z" in keys.inner_text()
    page.keyboard.press("Escape")
    assert keys.count() == 0
    page.locator("[data-control='code']").focus()
    page.keyboard.press("?")
    assert keys.count() == 0


# ------------------------------------------------------------------------------------------------ pointing


def test_an_input_cell_says_which_outputs_use_it_and_how_often(page: Page) -> None:
    """The outputs that light up, and the count of uses, are those of an impulse under a kernel of ones."""
    rng = random.Random(7)
    seen = {"often": 0, "never": 0}
    for _ in range(60):
        state = random_state(rng) | {"bias": [], "relu": False}
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
    page.locator("[data-place='x0,1,1']").hover()
    assert sum_of(page) == "Input row 1, column 1 is seen by 2 output cells; it is the largest in none."
    page.locator("[data-place='x0,1,2']").hover()
    assert sum_of(page) == "Input row 1, column 2 is seen by 1 output cell; it is the largest in it."


def test_a_finger_lights_a_window(opened: Callable[..., Page]) -> None:
    """A tap on an output cell writes out its sum; a tap on an input cell says what it reaches."""
    page = opened(state=SMALL, has_touch=True, viewport={"width": 390, "height": 800})
    page.locator("[data-place='y0,1,1']").tap()
    assert sum_of(page) == "5·10 + 6·0 = 50"
    page.locator("[data-place='x0,1,1']").tap()
    assert "is used by 2 output cells" in sum_of(page)


def center(page: Page, place: str) -> tuple[float, float]:
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
    dragged(page, center(page, "y0,1,1"), center(page, "y0,1,4"))
    assert lit(page) == "y0,1,4"
    assert sum_of(page).endswith("= 110")
    dragged(page, center(page, "y0,1,1"), center(page, "y0,1,3"), center(page, "y0,3,3"))
    assert lit(page) == "y0,3,3"
    assert abs(page.evaluate("scrollY") - place) < 5
    x, y = center(page, "y0,3,3")
    dragged(page, (x, y), (x, y - 150))
    assert page.evaluate("scrollY") > place + 80

    page.evaluate(SET, {**SMALL, "input": [[[r * 16 + c + 0.25 for c in range(16)] for r in range(5)]]})
    page.locator(".cx-output").scroll_into_view_if_needed()
    x, y = center(page, "y0,1,6")
    dragged(page, (x, y), (x - 150, y))
    assert page.locator(".cx-scroll:has(.cx-output)").evaluate("box => box.scrollLeft") > 80


def test_dilation_leaves_gaps_that_are_seen(page: Page) -> None:
    """Between the cells of a dilated window the skipped ones are marked, and not as terms."""
    page.evaluate(SET, {**SMALL, "input": [[[1, 2, 3, 4]]], "kernel": [[[1, 1]]], "dilation": [1, 2]})
    page.locator("[data-place='y0,0,1']").hover()
    for name, places in (
        ("cx-used", ["x0,0,1", "x0,0,3"]),
        ("cx-window", ["x0,0,2"]),
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


def test_the_products_fly_into_the_sum_for_those_who_like_motion(opened: Callable[..., Page]) -> None:
    """A press on an output cell sends one product from each term's cell; soon they are gone."""
    page = opened(state=SMALL)
    motion = page.context.new_cdp_session(page)
    motion.send("Animation.enable")
    motion.send("Animation.setPlaybackRate", {"playbackRate": 0.01})  # a slow machine sees the flight too
    page.locator("[data-place='y0,1,1']").click()
    assert page.locator(".cx-flying").all_inner_texts() == ["50", "0"]
    motion.send("Animation.setPlaybackRate", {"playbackRate": 1})
    page.wait_for_function("!document.querySelector('.cx-flying')")
    calm = opened(state=SMALL, reduced_motion="reduce")
    calm.locator("[data-place='y0,1,1']").click()
    assert calm.locator(".cx-flying").count() == 0


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
    again = opened(link_of(page).removeprefix(EXPLORER))
    read = """() => {
      const [explorer, lab] = ["conv-explorer", "conv-image-lab"].map((name) => document.querySelector(name));
      return [explorer.state, explorer.at, lab.kernel, lab.view, lab.querySelector("#cx-lab-kind").value];
    }"""
    assert again.evaluate(read) == page.evaluate(read)
    assert again.evaluate(read)[1] == [0, 2, 3]
    page.locator("[data-control='stride rows']").fill("0")
    page.locator("[data-control='stride rows']").press("Enter")
    broken = opened(link_of(page).removeprefix(EXPLORER))
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
        assert page.evaluate("location.href") == EXPLORER + address


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
        "[...document.querySelectorAll('conv-explorer td')].map((cell) => cell.textContent)"
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
                 return cell.scrollWidth > cell.clientWidth || cell.scrollHeight > cell.clientHeight + 1;
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
    """Each frame in which the kernel changed shows it coarsely; the last kernel is shown whole, and last."""
    frames, coarse, whole, source, same = laboratory.evaluate(
        """async () => {
          const lab = document.querySelector("conv-image-lab");
          const angle = lab.querySelector("#cx-lab-angle");
          lab.querySelector("#cx-lab-kind").value = "derivative";
          lab.querySelector("#cx-lab-sigma").value = 3;
          const shown = [];
          const put = lab.put;
          lab.put = (answers, ...more) => { shown.push(answers[0].length); put.call(lab, answers, ...more); };
          for (let k = 0; k < 30; k++) {
            angle.disabled = false;
            angle.value = k;
            angle.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(requestAnimationFrame);
          }
          const coarse = shown.filter((size) => size === 64 * 64).length;
          while (!lab.finished) await new Promise((done) => setTimeout(done, 20));
          delete lab.put;
          const pixels = () => lab.canvas.getContext("2d").getImageData(0, 0, 512, 512).data.join();
          const before = pixels();
          lab.request();
          while (!lab.finished) await new Promise((done) => setTimeout(done, 20));
          return [30, coarse, shown.at(-1), lab.source, before === pixels()];
        }"""
    )
    assert coarse >= frames - 1  # the last change may wait for the frame after
    assert (whole, source, same) == (512 * 512, "derivative,3,29", True)


def test_the_coarse_picture_holds_pixels_of_the_whole_one(laboratory: Page) -> None:
    """Each of its pixels is the answer in the middle of the square that it stands for."""
    found = laboratory.evaluate(
        """async () => {
          const lab = document.querySelector("conv-image-lab");
          while (!lab.finished) await new Promise((done) => setTimeout(done, 20));
          const [filter] = lab.filters;
          return [[1, 1], [3, 4], [7, 7], [15, 15], [14, 9]].map(([rows, columns]) => {
            const kernel = Array.from({ length: rows }, (_, i) =>
              Array.from({ length: columns }, (_, j) => Math.sin(i + 3 * j * j)));
            const work = filter.answer(kernel);
            let step = work.next();
            while (!step.done) step = work.next();
            const coarse = filter.preview(kernel);
            const side = Math.sqrt(coarse.length);
            const square = 512 / side;
            const wrong = coarse.map((value, k) => {
              const [y, x] = [Math.floor(k / side), k % side].map((place) => place * square + square / 2);
              return Math.abs(value - step.value[y * 512 + x]);
            });
            return [square, Math.max(...wrong)];
          });
        }"""
    )
    assert [square for square, _ in found] == [4, 4, 4, 8, 8]
    assert max(wrong for _, wrong in found) < 1e-4


MUTATIONS = """async ([slider, values]) => {
  const element = document.querySelector(slider).closest("conv-explorer, conv-image-lab");
  const input = document.querySelector(slider);
  const rest = () => new Promise((done) => setTimeout(done, 300));
  const found = [];
  for (const value of values) {
    await rest();
    const observer = new MutationObserver(() => {});
    observer.observe(element, { subtree: true, childList: true, attributes: true, characterData: true });
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    const changes = observer.takeRecords();
    observer.disconnect();
    const of = (kind) => changes.filter((change) => change.type === kind).length;
    found.push({ nodes: of("childList"), attributes: of("attributes"), texts: of("characterData") });
  }
  return found;
}"""


def test_a_move_of_a_slider_changes_little_and_makes_no_nodes(opened: Callable[..., Page]) -> None:
    """Of 16×16×3 and 5×5 the cells that were or are read, and a few texts; of 15×15 numbers the shades."""
    page = opened()
    plane = [[(3 * i * j + i) % 19 - 9 for j in range(16)] for i in range(16)]
    page.evaluate(SET, {**SMALL, "input": [plane] * 3, "kernel": [[[1, 2, 3, 4, 5]] * 5] * 3})
    found = page.evaluate(MUTATIONS, ["conv-explorer .cx-steps input", [7, 8, 20, 100, 3]])
    print(found)
    for change in found[1:]:  # the first may take the place of a sum of another form
        assert change["nodes"] == 0
        assert change["attributes"] <= 2 * 75 + 8
        assert change["texts"] <= 8
    assert found[1]["attributes"] <= 2 * 15 + 8  # the next window: one column goes, one comes
    page.locator("conv-image-lab").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('conv-image-lab').finished")
    page.evaluate("document.querySelector('conv-image-lab').choose({ lab: 'derivative,3,0' })")
    found = page.evaluate(MUTATIONS, ["#cx-lab-angle", [10, 30, 31, 200]])
    print(found)
    for change in found:
        assert change["nodes"] == 0
        assert change["attributes"] <= 225 + 8
        assert change["texts"] <= 4
    page.wait_for_function(  # the numbers follow when the slider rests
        """() => {
          const numbers = document.querySelector("conv-image-lab").kernel.flat();
          const shown = [...document.querySelectorAll(".cx-lab-kernel td")].map((cell) => cell.textContent);
          return shown.every((text, k) => Math.abs(Number(text.replace("−", "-")) - numbers[k]) < 0.006);
        }"""
    )


def test_a_large_kernel_costs_what_its_size_costs_whatever_it_holds(laboratory: Page) -> None:
    """225 numbers take as many steps as 25, by transforms; the picture's are computed once and kept."""
    found = laboratory.evaluate(
        """() => {
          const lab = document.querySelector("conv-image-lab");
          const filter = new lab.filters[0].constructor(lab.planes()[0]);
          const steps = (side) => {
            const places = [...Array(side).keys()];
            const kernel = places.map((i) => places.map((j) => Math.sin(i * i + 3 * j * j * i + j + 1)));
            return [...filter.answer(kernel)].length;
          };
          const few = steps(3), more = steps(5), kept = [...filter.spectra], most = steps(15);
          const same = kept.every((one, k) => one === filter.spectra[k]);
          return { few, more, most, same, tiles: kept.filter(Boolean).length };
        }"""
    )
    assert found == {"few": 16, "more": 13, "most": 13, "same": True, "tiles": 13}


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
    laboratory.locator(".cx-lab-kernel td").first.focus()
    laboratory.keyboard.press("ArrowRight")
    laboratory.keyboard.press("ArrowDown")
    laboratory.keyboard.type("-3/4")
    kernel = laboratory.evaluate("document.querySelector('conv-image-lab').kernel")
    assert kernel[1][1] == -0.75
    laboratory.keyboard.press("Enter")
    notice = laboratory.locator("conv-image-lab .cx-notice")
    laboratory.keyboard.type("word")
    laboratory.keyboard.press("Enter")
    assert "“word” is no number" in notice.inner_text()
    assert laboratory.locator("conv-image-lab .cx-typing").input_value() == "word"
    laboratory.keyboard.press("Escape")
    assert laboratory.evaluate("document.querySelector('conv-image-lab').kernel") == kernel
    laboratory.keyboard.type("1e30")
    laboratory.keyboard.press("Enter")
    laboratory.wait_for_function("document.querySelector('conv-image-lab').finished")
    shades = laboratory.evaluate(
        """() => {
          const lab = document.querySelector("conv-image-lab");
          return new Set(lab.canvas.getContext("2d").getImageData(0, 0, 512, 512).data).size;
        }"""
    )
    assert shades > 50  # a huge number shows a picture, since the scale is the kernel's


HALF_RED = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'
    '<rect width="5" height="10" fill="#ff0000"/></svg>'
)
GIVE = """([way, svg]) => {
  const lab = document.querySelector("conv-image-lab");
  const file = new File([svg], "half.svg", { type: "image/svg+xml" });
  const data = new DataTransfer();
  data.items.add(file);
  const how = { dataTransfer: data, clipboardData: data, bubbles: true, cancelable: true };
  const event = way === "drop" ? new DragEvent("drop", how) : new ClipboardEvent("paste", how);
  lab.grey[0] = 1;
  lab.canvas.dispatchEvent(event);
}"""
TAKEN = "(lab => lab.finished && lab.grey[0] === %d)(document.querySelector('conv-image-lab'))"


def test_a_picture_is_chosen_dropped_or_pasted_and_laid_on_white(opened: Callable[..., Page]) -> None:
    """An SVG file without a size is drawn; what is transparent is white; a broken file is refused."""
    page = opened()
    page.locator("conv-image-lab").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('conv-image-lab').finished")
    picture = page.locator("#cx-lab-file")
    for way in ("drop", "paste"):
        page.evaluate(GIVE, [way, HALF_RED])
        page.wait_for_function(TAKEN % 76)
    picture.set_input_files({"name": "half.svg", "mimeType": "image/svg+xml", "buffer": HALF_RED.encode()})
    page.wait_for_function(TAKEN % 76)
    assert page.evaluate("document.querySelector('conv-image-lab').grey[511]") == 255
    picture.set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"no picture"})
    notice = page.locator("conv-image-lab .cx-notice")
    page.wait_for_function("document.querySelector('conv-image-lab .cx-notice').textContent")
    assert "“no.png” is not a picture" in notice.inner_text()
    page.locator("[id='cx-lab-preset']").select_option("identity")
    page.locator("#cx-lab-view").select_option("absolute")
    page.locator("#cx-lab-color").check()
    page.wait_for_function("document.querySelector('conv-image-lab').finished")
    colors = page.evaluate(
        """() => ["canvas", "before"].map((name) => {
          const canvas = document.querySelector("conv-image-lab")[name];
          return [3, 500].map((x) => [...canvas.getContext("2d").getImageData(x, 9, 1, 1).data]);
        })"""
    )
    assert colors == [[[255, 0, 0, 255], [255, 255, 255, 255]]] * 2


def test_the_camera_is_filtered_and_let_go(opened: Callable[..., Page]) -> None:
    """Its pictures replace the photograph until it is stopped; where there is none, that is said."""
    page = opened()
    page.locator("conv-image-lab").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('conv-image-lab').finished")
    page.evaluate(
        """() => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 64;
          const brush = canvas.getContext("2d");
          brush.fillRect(0, 0, 64, 64);
          setInterval(() => brush.fillRect(0, 0, 64, 64), 30);
          window.stream = canvas.captureStream(30);
          navigator.mediaDevices.getUserMedia = async () => window.stream;
        }"""
    )
    button = page.locator("#cx-lab-camera")
    button.click()
    page.wait_for_function("document.querySelector('conv-image-lab').grey.every((shade) => shade < 3)")
    button.click()
    assert page.evaluate("stream.getTracks().map((track) => track.readyState)") == ["ended"]
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('none')); }")
    button.click()
    page.wait_for_function(
        "/no camera/.test(document.querySelector('conv-image-lab .cx-notice').textContent)"
    )


def test_the_picture_before_is_revealed(laboratory: Page) -> None:
    """A slider lays the photograph over its answer, from none of it to all."""
    slider = laboratory.get_by_label("How much of the picture before is shown")
    seen = []
    for share in ("0", "50", "100"):
        slider.fill(share)
        seen.append(
            laboratory.evaluate("getComputedStyle(document.querySelector('.cx-lab-before')).clipPath")
        )
    assert seen == ["inset(0px 100% 0px 0px)", "inset(0px 50% 0px 0px)", "inset(0px 0% 0px 0px)"]


# ------------------------------------------------------------------------------------- nothing typed is lost

STATE = "document.querySelector('conv-explorer').state"
PASTE = """text => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text", text);
  const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(paste);
}"""


def notice_of(page: Page) -> str:
    """Read what the explorer says about a change that it did not take."""
    return page.locator("conv-explorer .cx-notice").inner_text()


def comes_to(page: Page, state: Any) -> bool:
    """Say whether the page shows that setting within half a minute, as Back and Forward answer later."""
    for _ in range(300):
        if page.evaluate(STATE) == state:
            return True
        page.wait_for_timeout(100)
    return False


def test_a_change_is_undone_by_keys_by_buttons_and_by_back(opened: Callable[..., Page]) -> None:
    """Undo, redo, Back and Forward go through the settings one by one, down to the first picture."""
    page = opened()
    first = page.evaluate(STATE)
    page.locator("[data-place='x0,0,0']").focus()
    page.keyboard.type("7.5")
    page.keyboard.press("Enter")
    typed = page.evaluate(STATE)
    assert typed["input"][0][0][0] == 7.5
    page.locator("[data-control='stride columns']").fill("2")
    strided = page.evaluate(STATE)
    page.locator("[data-place='x0,0,0']").focus()
    seen = []
    for keys in ("Control+z", "Control+z", "Control+z", "Control+Shift+z", "Control+y"):
        page.keyboard.press(keys)
        seen.append(page.evaluate(STATE))
    assert seen == [typed, first, first, typed, strided]
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate(STATE) == typed
    page.get_by_role("button", name="Redo").click()
    assert page.evaluate(STATE) == strided
    page.go_back()
    assert comes_to(page, typed)
    page.go_back()
    assert comes_to(page, first)
    page.go_forward()
    assert comes_to(page, typed)
    page.go_forward()
    assert comes_to(page, strided)


def test_a_page_that_is_left_at_once_has_kept_everything(opened: Callable[..., Page]) -> None:
    """What was typed in the moment before leaving is there when the reader comes back."""
    page = opened()
    page.locator("conv-explorer [data-place='k0,0,0']").focus()
    page.keyboard.type("123456")
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector("conv-explorer .cx-output")
    assert page.evaluate(STATE)["kernel"] == [[[123456, -1]]]


def test_an_emptied_or_smaller_size_destroys_no_number(page: Page) -> None:
    """An empty field changes nothing; rows that a smaller size cut off come back; what can't be is said."""
    rng = random.Random(5)
    plane = [[rng.randint(1, 99) for _ in range(8)] for _ in range(12)]
    page.evaluate(SET, {**SMALL, "input": [plane]})
    rows, columns = page.locator("[data-control='rows']"), page.locator("[data-control='columns']")
    rows.fill("")
    rows.press("Tab")
    assert page.evaluate(STATE)["input"] == [plane]
    assert "a whole number from 1 to 16; it stays 12" in notice_of(page)
    assert rows.input_value() == "12"
    rows.fill("1")
    columns.fill("2")
    assert page.evaluate(STATE)["input"] == [[plane[0][:2]]]
    rows.fill("12")
    columns.fill("8")
    assert page.evaluate(STATE)["input"] == [plane]
    rows.fill("99")
    rows.press("Tab")
    assert "not 99; it stays 12" in notice_of(page)


def test_escape_full_width_signs_and_fractions(page: Page) -> None:
    """Full-width digits are numbers; Escape takes back what the picture already showed."""
    page.evaluate(SET, SMALL)
    page.locator("[data-place='x0,1,2']").focus()
    page.keyboard.insert_text("x")  # replaces nothing: no field is open
    page.keyboard.press("Enter")
    page.keyboard.insert_text("－１２．５")
    # Chromium answers before the text has arrived.
    page.wait_for_function(f"{STATE}.input[0][1][2] === -12.5")
    page.keyboard.press("Escape")
    assert page.evaluate(STATE)["input"] == SMALL["input"]
    page.keyboard.press("Enter")
    page.keyboard.insert_text("½")
    page.keyboard.press("Enter")
    assert page.evaluate(STATE)["input"][0][1][2] == 0.5
    assert page.evaluate(FOCUS) == "x0,1,2"


@pytest.mark.parametrize("text", ["1\t2\n3\t−4,5", "1 2\n3 -4.5", "[[1, 2],\n [3, -4.5]]", "1,2;3,-4.5"])
def test_a_pasted_block_fills_the_table(page: Page, text: str) -> None:
    """From a spreadsheet, a text, Python or an address: from the cell on, and beyond the border."""
    page.evaluate(SET, SMALL)
    page.locator("[data-place='x0,1,1']").focus()
    page.evaluate(PASTE, text)
    assert page.evaluate(STATE)["input"] == [[[1, 2, 3], [4, 1, 2], [0, 3, -4.5]]]
    page.evaluate(PASTE, "1 2 three")
    assert "“three” is no number" in notice_of(page)
    page.keyboard.press("Control+z")
    assert page.evaluate(STATE)["input"] == SMALL["input"]


def test_pasted_code_sets_the_layer(page: Page) -> None:
    """The settings of a pasted layer give the sizes that torch gives; what is no such code is said."""
    for text in (
        "nn.Conv2d(2, 4, kernel_size=(3, 2), stride=2, padding=(2, 1), dilation=2, groups=2, bias=False)",
        "self.c = torch.nn.Conv2d(in_channels=1, out_channels=2, kernel_size=3, padding='same')",
        "Conv2d(3, 4, kernel_size=(5, 5), stride=(2, 2), padding=(2, 2), padding_mode=reflect)".replace(
            "reflect", "'reflect'"
        ),
        "nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1, output_padding=1)",
        "nn.MaxPool2d(2, ceil_mode=True)",
        "nn.AvgPool2d(kernel_size=3, stride=2, padding=1, count_include_pad=False)",
    ):
        page.evaluate(SET, {**SMALL, "input": [[[1] * 9] * 8]})
        page.locator("[data-place='x0,0,0']").focus()
        page.evaluate(PASTE, text)
        layer = eval(
            text.removeprefix("self.c = "), {"torch": torch, "nn": torch.nn, "Conv2d": torch.nn.Conv2d}
        )
        channels = getattr(layer, "in_channels", 1)
        want = layer(torch.ones(1, channels, 8, 9)).shape[1:]
        assert page.evaluate(
            "(o => [o.length, o[0].length, o[0][0].length])(document.querySelector('conv-explorer').output)"
        ) == list(want)
        assert bool(page.evaluate(STATE)["bias"]) == (getattr(layer, "bias", None) is not None)
    field = page.locator("[data-control='code']")
    for text, words in (
        ("nn.Conv2d(1, 2)", "needs kernel_size"),
        ("nn.Linear(1, 2)", "no layer"),
        ("nn.Conv2d(64, 128, 3)", "3 in and 4 out of the 64 and 128"),
    ):
        field.fill(text)
        field.press("Enter")
        assert words in notice_of(page)


def test_a_broken_link_says_so(opened: Callable[..., Page]) -> None:
    """A setting that can't be read is named as such, beside the first picture; a foreign address is none."""
    assert "link is broken" in notice_of(opened("#op=correlate&x=1,2;3&k=1"))
    assert notice_of(opened("#things-to-try")) == ""
    page = opened("#lab=gaussian,900,0")
    assert "link is broken" in page.locator("conv-image-lab .cx-notice").inner_text()


@pytest.mark.parametrize("screen", [(1280, 720), (390, 844)])
def test_input_output_and_sum_are_on_the_screen_together(
    opened: Callable[..., Page], screen: tuple[int, int]
) -> None:
    """At first without scrolling on a laptop; with 16×16 and three channels after scrolling to the input."""
    page = opened(viewport={"width": screen[0], "height": screen[1]})
    spread = """() => {
      const boxes = [".cx-front .cx-input", ".cx-front .cx-output", ".cx-sum"].map((part) =>
        document.querySelector("conv-explorer " + part).getBoundingClientRect());
      return [Math.min(...boxes.map((box) => box.top)), Math.max(...boxes.map((box) => box.bottom))];
    }"""
    if screen[0] > 600:
        assert page.evaluate(spread)[1] <= screen[1]
    plane = [[(i * j) % 5 - 2 for j in range(16)] for i in range(16)]
    page.evaluate(SET, {**SMALL, "input": [plane] * 3, "kernel": [[[1, 0, -1]] * 3] * 3})
    page.evaluate("document.querySelector('.cx-stage').scrollIntoView()")
    page.wait_for_timeout(100)
    top, bottom = page.evaluate(spread)
    assert bottom <= screen[1]
    assert top >= 0


def test_in_a_pile_the_plane_in_front_shows_the_window(opened: Callable[..., Page]) -> None:
    """What is covered is not lit, and lights up as soon as it comes to the front, or the pile is none."""
    page = opened(viewport={"width": 1280, "height": 720})
    plane = [[(i * j) % 5 - 2 for j in range(16)] for i in range(16)]
    page.evaluate(SET, {**SMALL, "input": [plane] * 3, "kernel": [[[1, 0, -1]] * 3] * 3})
    page.locator("[data-place='y0,5,5']").hover()

    def counts() -> list[int]:
        return [page.locator(f".cx-input .cx-used[data-place^='x{c},']").count() for c in range(3)]

    assert page.locator(".cx-part-x.cx-pile").count() == 1
    assert counts() == [9, 0, 0]
    page.locator(".cx-part-x .cx-caption").nth(1).dispatch_event("pointerdown")
    assert counts() == [0, 9, 0]
    page.locator("[data-place='x2,0,0']").focus()
    page.locator("[data-place='y0,5,5']").focus()
    page.locator("[data-place='y0,6,5']").hover()
    assert counts() == [0, 0, 9]
    page.evaluate(SET, {"input": [plane[:5]] * 3})
    page.locator("[data-place='y0,1,5']").hover()
    assert page.locator(".cx-part-x.cx-pile").count() == 0
    assert counts() == [9, 9, 9]
