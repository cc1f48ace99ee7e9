"""From a slider's event to its painted frame, on a processor that is slowed down: a table.

    python -m tests.docs.slider_times           the built book, six times slower
    python -m tests.docs.slider_times 1 20      as it is, 20 moves of each slider

"painted" is the time from the event to the second animation frame after it: its beginning is the first moment
at which a script can know that the change was painted, so it is at least one frame, 17 ms. "processor" is the
main thread's time for one move and the frames around it, slowed down, on the thread's own clock.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from typing import TYPE_CHECKING, Any

from tests.docs.pages import FLAGS, SITE

if TYPE_CHECKING:
    from playwright.sync_api import Page

BOUND = 50  # milliseconds


def planes(count: int, rows: int, columns: int) -> list[list[list[int]]]:
    """Planes of small whole numbers."""
    return [
        [[(3 * i * j + 5 * c + i) % 19 - 9 for j in range(columns)] for i in range(rows)]
        for c in range(count)
    ]


ONE = {"input": planes(1, 16, 16), "kernel": planes(1, 3, 3)}
THREE = {"input": planes(3, 16, 16), "kernel": planes(3, 5, 5)}
FOUR = {**THREE, "kernel": planes(12, 5, 5), "filters": 4, "padding": [[2, 2], [2, 2]]}
CASES: dict[str, dict[str, Any]] = {
    "6×8": {},
    "16×16, 3×3": ONE,
    "16×16×3, 5×5": THREE,
    "16×16×3, 5×5, 4 filters": FOUR,
    "16×16×3, in depth": {**THREE, "volume": True},
    "16×16, two settings": {**ONE, "other": "op=correlate&x=1,2;3,4&k=1"},
    "1×16": {"line": True, "input": planes(1, 1, 16), "kernel": planes(1, 1, 3)},
    "transposed, 50×50": {"op": "transpose", **ONE, "kernel": planes(1, 5, 5), "stride": [3, 3]},
}
MOVES = """async ([name, values]) => {
  const slider = document.querySelector(name);
  const frame = () => new Promise(requestAnimationFrame);
  const found = [];
  for (const value of values) {
    await frame();
    await new Promise((done) => setTimeout(done, 60 + 16 * Math.random()));
    const start = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();
    await frame();
    found.push(performance.now() - start);
  }
  return found;
}"""


def moved(page: Page, slider: str, values: list[int]) -> tuple[float, float]:
    """Move a slider; return the median of the painted times, and the time that nine of ten keep to."""
    painted = sorted(page.evaluate(MOVES, [slider, values])[3:])
    return statistics.median(painted), painted[int(0.9 * len(painted))]


def main() -> int:
    """Print the table."""
    from playwright.sync_api import sync_playwright

    given = list(map(int, sys.argv[1:]))
    slow, moves = given + [6, 25][len(given) :]
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    print(f"{'slider':28}{'median ms':>11}{'9 of 10':>9}{'processor':>11}   ({slow}× slower, {moves} moves)")
    late = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto((SITE / "explorer.html").as_uri())
        page.wait_for_selector("conv-explorer .cx-output")
        usual = page.evaluate("document.querySelector('conv-explorer').state")
        line = page.context.new_cdp_session(page)
        line.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent() -> float:
            metrics = line.send("Performance.getMetrics")["metrics"]
            return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

        def show(name: str, slider: str, values: list[int]) -> None:
            line.send("Emulation.setCPUThrottlingRate", {"rate": slow})
            before = spent()
            median, most = moved(page, slider, values)
            work = 1000 * (spent() - before) / len(values)
            line.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            print(f"{name:28}{median:11.0f}{most:9.0f}{work:11.0f}", flush=True)
            late.extend([name] if median > BOUND else [])

        for name, state in CASES.items():
            page.evaluate("s => document.querySelector('conv-explorer').setState(s)", {**usual, **state})
            page.evaluate("document.querySelector('conv-explorer .cx-stage').scrollIntoView()")
            last = page.evaluate("+document.querySelector('.cx-steps input').max")
            values = [(7 + 5 * k) % (last + 1) for k in range(moves + 3)]
            show(name, "conv-explorer .cx-steps input", values)
        page.locator("conv-image-lab").scroll_into_view_if_needed()
        page.wait_for_function("document.querySelector('conv-image-lab').finished")
        for sigma in ("0.5", "1.2", "3"):  # kernels of 5×5, 7×7 and 15×15
            page.evaluate(
                """sigma => {
                  const lab = document.querySelector("conv-image-lab");
                  lab.choose({ lab: `derivative,${sigma},0` });
                  lab.scrollIntoView();
                }""",
                sigma,
            )
            page.wait_for_function("document.querySelector('conv-image-lab').finished")
            # The moves follow each other too soon for the whole picture, which waits for a rest.
            size = page.evaluate("document.querySelector('conv-image-lab').kernel.length")
            values = [(20 + 7 * k) % 360 for k in range(moves + 3)]
            show(f"photograph 512², {size}×{size}", "#cx-lab-angle", values)
        browser.close()
    print(f"over {BOUND} ms: {', '.join(late) or 'none'}")
    return bool(late)


if __name__ == "__main__":
    sys.exit(main())
