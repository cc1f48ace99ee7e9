"""The same sources give the same files: in any folder, at any time, in a first build and in a tenth.

Each function names what would differ.  `nox -s reproducible` compares two builds; most of what they share is settled where it arises.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import sphinx_gallery.gen_rst
from sphinx.application import Sphinx


def zip_undated(
    file_list: Sequence[str | PathLike[str]],
    zipname: str | PathLike[str],
    relative_to: str | PathLike[str],
    extension: str | None = None,
) -> str:
    """Pack a gallery script with its notebook as sphinx-gallery does, without the time at which they were written."""
    packed = Path(zipname)
    fresh = packed.with_name(packed.name + ".new")
    with zipfile.ZipFile(fresh, "w") as archive:
        for entry in map(Path, file_list):
            file = entry.with_suffix(extension) if extension else entry
            undated = zipfile.ZipInfo(
                file.relative_to(relative_to).as_posix()
            )  # the time is 1980 unless given
            undated.external_attr = 0o644 << 16
            archive.writestr(undated, file.read_bytes(), zipfile.ZIP_DEFLATED)
    fresh.replace(packed)
    return str(packed)


def put_style_first(app: Sphinx) -> None:
    """Write MyST-NB's style sheet before the pages, as Sphinx does with all others.

    MyST-NB writes it last.  Pages name a style sheet with its checksum, so those of a first build would lack it and differ from those of
    a second.
    """
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    style = resources.files("myst_nb.static").joinpath("mystnb.css").read_bytes()
    (folder / f"mystnb.{hashlib.sha256(style).hexdigest()}.css").write_bytes(style)


def forget_words_of_old(app: Sphinx) -> list[Any]:
    """Take words out of the search index that no page has any more: Sphinx keeps them from build to build, without a page."""
    indexer = getattr(app.builder, "indexer", None)
    for words in (indexer._mapping, indexer._title_mapping) if indexer is not None else ():
        for word in [word for word, pages in words.items() if not pages]:
            del words[word]
    return []  # no page to add


def setup(app: Sphinx) -> dict[str, Any]:
    sphinx_gallery.gen_rst.zip_files = zip_undated
    app.connect("builder-inited", put_style_first)
    app.connect("html-collect-pages", forget_words_of_old)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
