"""Checks of a built EPUB, for `nox -s epub`: it is well formed, whole, and readable without a script."""

from __future__ import annotations

import posixpath
import re
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

XHTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}math"


WITHDRAWN = {"doc-biblioentry", "doc-endnote"}  # DPUB-ARIA 1.1: a list may hold items only


def wrong_addresses(name: str, css: str, names: list[str]) -> list[str]:
    """What a style sheet asks for and an EPUB may not hold, or does not."""
    found = []
    if re.search(r"(?<![-\w])direction\s*:", css):
        found.append(f"{name}: an EPUB's style may not set the direction")
    for address in re.findall(r"""url\(\s*["']?([^"')]+)""", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), address.partition("#")[0]))
        if address.startswith("data:"):
            found.append(f"{name}: {address[:40]}: an EPUB's style may hold no data")
        elif target not in names:
            found.append(f"{name}: {address} is not in the book")
    return found


def faults(book: Path) -> list[str]:
    """What is wrong with an EPUB, in sentences."""
    found = []
    formulas = solutions = 0
    with zipfile.ZipFile(book) as archive:
        names = archive.namelist()
        first = archive.infolist()[0]
        if first.filename != "mimetype" or first.compress_type != zipfile.ZIP_STORED:
            found.append("the first entry must be an uncompressed `mimetype`")
        manifest = archive.read(next(name for name in names if name.endswith(".opf"))).decode()
        items = re.findall(r"<item [^>]*>", manifest)
        listed = set(re.findall(r'href="([^"]+)"', manifest))
        for name in names:
            if name.endswith(".css"):
                found += wrong_addresses(name, archive.read(name).decode(), names)
            if not name.endswith(".xhtml"):
                continue
            try:
                page = ElementTree.fromstring(archive.read(name))
            except ElementTree.ParseError as error:
                found.append(f"{name} is no XML: {error}")
                continue
            if posixpath.basename(name) not in {posixpath.basename(item) for item in listed}:
                found.append(f"{name} is not in the book's list of files")
            formulas += sum(1 for _ in page.iter(MATH)) + sum(1 for _ in page.iter("math"))
            solutions += sum(1 for _ in page.iter(f"{XHTML}details"))
            found += [
                f"{name}: an EPUB may not use the role {element.get('role')} any more"
                for element in page.iter()
                if element.get("role") in WITHDRAWN
            ]
            ids = [element.get("id") for element in page.iter() if element.get("id")]
            found += [
                f"{name} has two of the name {twice}"
                for twice in sorted({i for i in ids if ids.count(i) > 1})
            ]
            found += [
                f"{name}: a summary may hold words only"
                for fold in page.iter(f"{XHTML}summary")
                if fold.find(f"{XHTML}p") is not None
            ]
            found += [f"{name}: EPUB knows no tooltip" for element in page.iter() if element.get("tooltip")]
            says = next((item for item in items if f'href="{name}"' in item), "")
            if ("mathml" in says) != (next(page.iter(MATH), None) is not None):
                found.append(f"{name}: the list of files is wrong about its formulas: {says}")
            found += [f"{name} has a script" for _ in page.iter(f"{XHTML}script")]
            found += [f"{name} has a control that does nothing" for _ in page.iter(f"{XHTML}button")]
            for element in page.iter():
                for attribute in ("src", "href"):
                    address = urlsplit(element.get(attribute, ""))
                    if address.scheme or address.netloc or not address.path:
                        continue
                    target = posixpath.normpath(
                        posixpath.join(posixpath.dirname(name), unquote(address.path))
                    )
                    if target not in names:
                        found.append(f"{name}: {attribute} leads to {target}, which is not in the book")
    if formulas < 100:
        found.append(f"only {formulas} formulas in the whole book")
    if solutions < 20:
        found.append(f"only {solutions} folded solutions in the whole book")
    return found


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    print("\n".join(wrong[:40]) or "the EPUB is well formed and whole")
    sys.exit(1 if wrong else 0)
