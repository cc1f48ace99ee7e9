"""Put a built book into its folder among the published versions: `python .ci/publish.py BOOK PAGES VERSION`.

PAGES holds one folder a version (`latest`, `0.1.0`, …), `versions.json` for the version switcher of the
book, and a first page that leads to the newest release. Folders of other versions are left as they are.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from folders import replace

RELEASE = re.compile(r"\d+\.\d+\.\d+")


def publish(book: Path, pages: Path, version: str) -> None:
    """Replace the folder of `version`, then write the list of versions and the first page anew."""
    if version != "latest" and not RELEASE.fullmatch(version):
        raise SystemExit(f"the version must be 'latest' or three numbers such as 0.1.0, got {version!r}")
    if not (book / "index.html").exists():
        raise SystemExit(f"{book} holds no built book: index.html is missing")
    replace(book, pages / version)
    listed = versions(pages)
    (pages / "versions.json").write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    (pages / "index.html").write_text(first_page(listed), encoding="utf-8")
    # Folders such as _static start with an underscore, which some hosts would leave out.
    (pages / ".nojekyll").touch()


def versions(pages: Path) -> list[dict[str, str]]:
    """Return the published versions, the newest release first and `latest` before all."""
    releases = [folder.name for folder in pages.iterdir() if RELEASE.fullmatch(folder.name)]
    releases.sort(key=lambda name: [int(part) for part in name.split(".")], reverse=True)
    there = (["latest"] if (pages / "latest").is_dir() else []) + releases
    newest = releases[0] if releases else None
    titles = {name: f"{name} (stable)" if name == newest else name for name in there}
    return [{"version": name, "title": titles[name], "url": f"{name}/"} for name in there]


def first_page(listed: list[dict[str, str]]) -> str:
    """Return a page that leads to the newest release, or to `latest` before there is one."""
    releases = [entry for entry in listed if entry["version"] != "latest"]
    target = (releases or listed)[0]["url"]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>ConvBook</title>\n'
        f'<meta http-equiv="refresh" content="0; url={target}">\n'
        f'<p><a href="{target}">ConvBook</a></p>\n</html>\n'
    )


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    publish(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
