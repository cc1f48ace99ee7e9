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
        listed = set(re.findall(r'href="([^"]+)"', manifest))
        for name in names:
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
