"""The book's typefaces, cut down to what the book writes; the packages are locked in ``docs/package.json``.

Text stands in Source Sans, headings in Source Serif, both by the same foundry; formulas in Noto Sans Math, the one of the fonts with a
MATH table that fits a sans serif.  Each is one file, made when the recipe below or a package changes.  The style sheets hold them as
``data:``, so that no page is drawn in another face first, from a folder or over a slow line.
"""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from node_tools import DOCS, install_locked
from sphinx.application import Sphinx
from staleness import digest


class Face(NamedTuple):
    """A file to write: from which package's file, with which characters, and which part of its axes."""

    file: str
    characters: str
    axes: dict[str, float | tuple[float, float]]


def span(first: int, last: int) -> str:
    """The characters from one code point to another."""
    return "".join(map(chr, range(first, last + 1)))


ASCII = span(0x20, 0x7E)
LATIN = ASCII + "\xa0§©°±²³·¹½×÷ÄÅÉÖÜßàáâäåçèéêëíñóôöøúü–—‘’“”…•−"
# A browser draws <mi>a</mi> as the slanted U+1D44E: the font must hold what is drawn, and not only what the page says.
SLANTED = span(0x1D434, 0x1D454) + "ℎ" + span(0x1D456, 0x1D467) + span(0x1D6E2, 0x1D71B)
# Fences, arrows and radicals: their stretched parts are reached through the MATH table.
SIGNS = "‖⌊⌋⌈⌉⟨⟩√∑∏∫⏞⏟ˆ←→⇒⟹↦×·±÷−∗⋆∘⊙⊤⊥∂∇∈∉⊂∪∩∀∃≤≥≪≫≠≈≡∝∞′″…⋮⋯⋱⋅∣∥𝟙ℝℕℤ𝔼ℱ𝖳"
GREEK = span(0x391, 0x3A1) + span(0x3A3, 0x3A9) + span(0x3B1, 0x3C9)
TEXT, ITALIC, HEADINGS = "source-sans.woff2", "source-sans-italic.woff2", "source-serif.woff2"
MATHEMATICS = "noto-sans-math.woff2"
_SANS = "@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-"
_SERIF = "@fontsource-variable/source-serif-4/files/source-serif-4-latin-opsz-"
_MATH = "@fontsource/noto-sans-math"
FACES = {
    TEXT: Face(f"{_SANS}normal.woff2", LATIN, {"wght": (400, 700)}),
    ITALIC: Face(f"{_SANS}italic.woff2", LATIN, {"wght": 400}),
    HEADINGS: Face(f"{_SERIF}normal.woff2", LATIN, {"wght": 600, "opsz": 40}),
    MATHEMATICS: Face(
        f"{_MATH}/files/noto-sans-math-latin-400-normal.woff2", ASCII + SLANTED + GREEK + SIGNS, {}
    ),
}
FAMILY = "ConvBook Sans"
# What Matplotlib draws with: the same text face, as files that it can read.
FIGURES = {"figure-regular.ttf": 400, "figure-bold.ttf": 700}


def cut(face: Face, target: Path, flavor: str | None) -> None:
    """Write the part of a font that is used."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(DOCS / "node_modules" / face.file, recalcTimestamp=False)
    cutter = subset.Subsetter(subset.Options(layout_features=["kern", "liga"], notdef_outline=True))
    cutter.populate(unicodes=map(ord, face.characters))
    cutter.subset(font)
    if face.axes:
        font = instancer.instantiateVariableFont(font, face.axes)
    if flavor is None:
        # Matplotlib finds a font by its family, and keeps glyphs apart by the font's PostScript name.
        names = {1: FAMILY, 16: FAMILY, 6: f"ConvBookSans-{face.axes['wght']}"}
        for record in font["name"].names:
            record.string = names.get(record.nameID, record.string)
    font.flavor = flavor
    font.save(target)


def write(app: Sphinx, config: Any) -> None:
    """Write the fonts into ``docs/_generated``, unless they are there, and hand the style what it holds."""
    folder, recipe = Path(app.srcdir) / "_generated", Path(app.srcdir) / "_generated" / "fonts.txt"
    wanted = digest([Path(__file__), *(install_locked() / face.file for face in FACES.values())])
    if not recipe.exists() or recipe.read_text(encoding="utf-8") != wanted:
        folder.mkdir(exist_ok=True)
        for name, face in FACES.items():
            cut(face, folder / name, "woff2")
        for name, weight in FIGURES.items():
            cut(FACES[TEXT]._replace(axes={"wght": weight}), folder / name, None)
        shutil.copyfile(DOCS / "node_modules" / _MATH / "LICENSE", folder / "fonts-LICENSE.txt")
        recipe.write_text(wanted, encoding="utf-8")
    config.html_context["faces"] = {name: address(folder / name) for name in (TEXT, ITALIC, HEADINGS)}


def address(font: Path) -> str:
    """A font as an address that holds it whole."""
    return f"data:font/woff2;base64,{base64.b64encode(font.read_bytes()).decode()}"
