"""Matplotlib is loaded by the first script that draws, not by every build.

A build after an edited sentence draws no figure, yet two extensions load matplotlib for what this book does not ask of them.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import sphinx_gallery.gen_gallery
from sphinx.application import Sphinx

CARDS = "sphinxext.opengraph._social_cards"


def setup(app: Sphinx) -> dict[str, Any]:
    # The card of a shared link is the book's own (identity.py), so what would draw others is not loaded.
    cards = ModuleType(CARDS)
    cards.DEFAULT_SOCIAL_CONFIG = {}
    cards.create_social_card = None
    sys.modules.setdefault(CARDS, cards)
    # sphinx-gallery sets the backend ahead of time; conf.py has done so.
    sphinx_gallery.gen_gallery._import_matplotlib = lambda: None
    return {"parallel_read_safe": True, "parallel_write_safe": True}
