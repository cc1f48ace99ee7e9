"""Lighthouse over a page of each kind of the built book, as on a telephone: a table, and the misses.

    nox -s weigh                      every kind, the median of three runs
    nox -s weigh -- --runs 5 index    five runs of the pages whose address contains "index"

Lighthouse simulates a slow telephone from times measured here, so run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.docs.host import hosted
from tests.docs.pages import ROOT, SITE

sys.path.insert(0, str(ROOT / "docs" / "_ext"))

from node_tools import install_locked, node_command

HERE = Path(__file__).resolve().parent

KINDS = {
    "home": "index.html",
    "chapter": "chapters/edges.html",
    "gallery index": "auto_gallery/index.html",
    "gallery section": "auto_gallery/edges/index.html",
    "gallery page": "auto_gallery/edges/sobel_on_a_photograph.html",
    "film": "auto_gallery/kernel_learning/learning_path_animation.html",
    "reference": "reference/generated/convbook.correlation.html",
    "explorer": "explorer.html",
    "search": "search.html?q=padding",
    "404": "404.html",
    "error gallery": "chapters/error_gallery.html",
}
BOUNDS = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def run(address: str, browser: str, folder: Path) -> dict[str, Any]:
    """One run of Lighthouse with its settings for a telephone."""
    report = folder / "report.json"
    program = HERE / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
    command = [*node_command(program), address, "--quiet", "--output=json", f"--output-path={report}"]
    command += [
        f"--only-categories={','.join(BOUNDS)}",
        f"--chrome-flags={FLAGS}",
        "--no-enable-error-reporting",
    ]
    done = subprocess.run(
        command,
        env={**os.environ, "CHROME_PATH": browser},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse could not look at {address}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def judged(reports: list[dict[str, Any]]) -> dict[str, float]:
    """The medians of several runs of one page."""
    found = {
        name: statistics.median(round(100 * report["categories"][name]["score"]) for report in reports)
        for name in BOUNDS
    }
    for name in (
        "first-contentful-paint",
        "largest-contentful-paint",
        "total-blocking-time",
        "cumulative-layout-shift",
    ):
        found[name] = statistics.median(report["audits"][name]["numericValue"] for report in reports)
    found["kB"] = statistics.median(
        report["audits"]["total-byte-weight"]["numericValue"] / 1000 for report in reports
    )
    # Lighthouse's own measure of the machine: under about 1000 it is too slow or too busy for the simulation.
    found["machine"] = statistics.median(report["environment"]["benchmarkIndex"] for report in reports)
    return found


def faults(report: dict[str, Any]) -> list[str]:
    """The audits that cost a page points outside performance."""
    counted = {
        ref["id"]
        for name in ("accessibility", "best-practices", "seo")
        for ref in report["categories"][name]["auditRefs"]
        if ref["weight"]
    }
    # A page for lost addresses answers 404, as it must.
    return [
        f"{name}: {audit['title']} {json.dumps(audit.get('details', {}).get('items', []))[:300]}"
        for name, audit in report["audits"].items()
        if name in counted and audit["score"] is not None and audit["score"] < 1
    ]


def main() -> int:
    """Look at the pages, print the table, and count the misses."""
    parser = argparse.ArgumentParser(prog="nox -s weigh --", description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="parts of addresses; none: all")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    browser = os.environ.get("CHROMIUM")
    if not browser:
        parser.error("name a browser: CHROMIUM=/usr/bin/chromium")
    install_locked(HERE / "lighthouse")
    missed: list[str] = []
    columns = ("perf", "a11y", "best", "SEO", "FCP s", "LCP s", "TBT ms", "CLS", "kB", "machine")
    print(f"{'page':16}" + "".join(f"{column:>8}" for column in columns))
    with hosted() as host, tempfile.TemporaryDirectory() as folder:
        for kind, page in KINDS.items():
            if given.pages and not any(part in page for part in given.pages):
                continue
            # Asked for under its own name, the page for lost addresses is an ordinary page.
            reports = [run(host.address + page, browser, Path(folder)) for _ in range(given.runs)]
            found = judged(reports)
            seconds = (found["first-contentful-paint"] / 1000, found["largest-contentful-paint"] / 1000)
            print(
                f"{kind:16}"
                + "".join(f"{found[name]:8.0f}" for name in BOUNDS)
                + "".join(f"{time:8.2f}" for time in seconds)
                + f"{found['total-blocking-time']:8.0f}{found['cumulative-layout-shift']:8.4f}"
                f"{found['kB']:8.0f}{found['machine']:8.0f}",
                flush=True,
            )
            missed += [
                f"{kind}: {name} {found[name]:.0f}, wanted {bound}"
                for name, bound in BOUNDS.items()
                if found[name] < bound
            ]
            missed += [f"{kind}: {fault}" for fault in faults(reports[0])]
            if found["cumulative-layout-shift"] > 0:
                missed.append(f"{kind}: the layout shifts by {found['cumulative-layout-shift']:.4f}")
    print("\n".join(["", *missed]) if missed else f"\nevery bound held ({SITE})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
