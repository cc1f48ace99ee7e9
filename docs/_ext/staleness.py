"""Outputs are made again when what they depend on has changed, the package included; the same sources give the same bytes.

MyST-NB's cache sees the cells of a chapter, and sphinx-gallery the text of a script; neither sees the package that both run on.  So a
key, the digest of all that computes and draws, goes into each notebook's kernel name, which the cache hashes, and beside the gallery.
After an edit to ``convbook`` every chapter and script runs again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import zipfile
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sphinx_gallery.gen_rst
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "convbook"
DRAWN_BY = [HERE / f for f in ("themed_figures.py", "convbook.mplstyle", "fonts.py", "forked_kernel.py")]
RECORDS = [path for path in (HERE.parent / "_data").glob("*.*") if path.suffix != ".py"]
COMPUTED_BY = ["torch", "numpy", "matplotlib"]


def digest(paths: Iterable[Path], *words: str) -> str:
    """Twelve hex digits for the content of files, and for words beside them."""
    texts = [path.read_bytes() for path in paths if path.is_file() and "__pycache__" not in path.parts]
    return hashlib.sha256(b"\0".join([*texts, *map(str.encode, words)])).hexdigest()[:12]


@cache
def key() -> str:
    """What every output depends on: the package with its tables, stored records, the style of the figures, Python and the libraries."""
    versions = [f"{name} {version(name)}" for name in COMPUTED_BY]
    return digest([*sorted(PACKAGE.rglob("*")), *DRAWN_BY, *sorted(RECORDS)], sys.version, *versions)


def forget_stale_scripts(app: Sphinx) -> None:
    """Before sphinx-gallery looks: remove what scripts gave with another key."""
    outputs = Path(app.srcdir) / app.config.sphinx_gallery_conf["gallery_dirs"]
    noted = outputs / "key.txt"
    if not noted.exists() or noted.read_text() != key():
        shutil.rmtree(outputs, ignore_errors=True)
        outputs.mkdir()
        noted.write_text(key())


def put_key_into_page(app: Sphinx, docname: str, content: list[str]) -> None:
    """The cache of notebooks hashes the kernel's display name: the key goes there."""
    content[0] = re.sub(r"(?m)^(  display_name: Python 3)$", rf"\1 {key()}", content[0], count=1)


def zip_undated(files: Iterable[Any], target: Any, folder: Any) -> str:
    """Pack a gallery script with its notebook as sphinx-gallery does, without the time at which they were written."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in map(Path, files):
            undated = zipfile.ZipInfo(file.relative_to(folder).as_posix())
            undated.external_attr = 0o644 << 16
            archive.writestr(undated, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return str(target)


def setup(app: Sphinx) -> dict[str, Any]:
    sphinx_gallery.gen_rst.zip_files = zip_undated
    # Sphinx reads every page again when a setting of the kind "env" has changed.
    app.add_config_value("made_by", digest(sorted(HERE.glob("*.*")), key()), "env", str)
    app.connect("builder-inited", forget_stale_scripts, priority=100)  # sphinx-gallery runs at 500
    app.connect("source-read", put_key_into_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
